import type { AttemptReport } from '../../../src/index.ts';
import { type FaultCase, hasKey, isIdempotent } from '../fault-case.ts';
import type { Observation } from '../observation.ts';

/** How late timers may be on a busy machine, in milliseconds, in addition to blocks of the event loop. */
const SLACK = 100;
/** The shortest remaining time for which another attempt is made, in milliseconds. */
export const WORTHWHILE = 50;
/** The default cooldown, shortened by the most that jitter can, in milliseconds. Timers may fire one millisecond early. */
const SHORTEST_COOLDOWN = 374;
const RETRIED = [408, 425, 429, 500, 502, 503, 504];

function allowance({ stall }: Observation): number {
  return SLACK + 3 * stall;
}

export function isRetried(faultCase: FaultCase, status: number): boolean {
  return RETRIED.includes(status) || (status === 409 && hasKey(faultCase) && !isIdempotent(faultCase));
}

export function* attemptsAreAllowed({ faultCase, report, reported }: Observation): Generator<string> {
  const attempts = report?.attempts ?? [];
  const { retry, budget, breaker } = faultCase;
  if (attempts.length > retry.attempts) yield `${attempts.length} attempts, ${retry.attempts} allowed`;
  // The answer before the call brought `ratio`. A retry that was never sent costs nothing.
  const tokens = budget && budget.reserve + budget.ratio;
  const retries = attempts.slice(1).filter(({ delivery }) => delivery !== 'not-sent').length;
  if (tokens !== false && retries > tokens) yield `${retries} retries, ${tokens} tokens`;
  if (breaker) {
    const asked = new Set(reported.filter(({ asked }) => asked > 0).map(({ attempt }) => attempt));
    yield* openBreakerIsHeeded(attempts, breaker.minimum, asked);
  }
  for (const [index, attempt] of attempts.slice(0, -1).entries()) {
    const number = index + 1;
    if (!isIdempotent(faultCase) && !hasKey(faultCase) && attempt.delivery !== 'not-sent') {
      yield `an unsafe request was repeated after attempt ${number}`;
    }
    if (
      attempt.delivery === 'answered' &&
      attempt.error === undefined &&
      !isRetried(faultCase, attempt.status ?? 0)
    ) {
      yield `a ${attempt.status} was retried`;
    }
  }
}

/**
 * Until the breaker opens for the first time: a later attempt is a probe. If the server asked for a pause, the breaker keeps to it,
 * and then counts from the beginning.
 *
 * @param asked the numbers of the attempts whose answers asked for a pause
 */
function* openBreakerIsHeeded(
  attempts: readonly AttemptReport[],
  minimum: number,
  asked: ReadonlySet<number>,
): Generator<string> {
  let failures = 0;
  for (const [index, attempt] of attempts.entries()) {
    if (!countsAgainstTheService(attempt)) return;
    failures = asked.has(index + 1) ? 0 : failures + 1;
    if (failures < minimum) continue;
    const next = attempts[index + 1];
    if (next !== undefined && next.waited < SHORTEST_COOLDOWN)
      yield `the breaker let attempt ${next.number} through`;
    return;
  }
}

function countsAgainstTheService({ reason, status }: AttemptReport): boolean {
  return reason === 'timeout' || reason === 'network' || (status ?? 0) >= 500;
}

export function* deadlineIsKept(seen: Observation): Generator<string> {
  const { faultCase, report, settledAfter, endedAfter } = seen;
  const { total, attempt, idle } = faultCase.timeout;
  const slack = allowance(seen);
  if (settledAfter > total + slack)
    yield `settled after ${settledAfter} ms of ${total}, stalled ${seen.stall}`;
  // `total` is until the response. A body that comes late in that time may then be silent for as long as `idle`.
  const longest = Math.max(total, settledAfter + idle);
  if (endedAfter > longest + slack)
    yield `the body ended after ${endedAfter} ms of ${longest}, stalled ${seen.stall}`;
  for (const { number, duration } of report?.attempts ?? []) {
    if (faultCase.buffer === false && duration > attempt + slack) {
      yield `attempt ${number} took ${duration} ms of ${attempt}, stalled ${seen.stall}`;
    }
  }
}

export function* abortEndsTheCall(seen: Observation): Generator<string> {
  const { abort, report, settledAfter, endedAfter, faultCase } = seen;
  if (abort === undefined) return;
  if (faultCase.signal === 0 && report?.stopped !== 'aborted')
    yield `aborted at once, but stopped is ${report?.stopped}`;
  const slack = allowance(seen);
  if (settledAfter > abort.after + slack)
    yield `aborted after ${abort.after} ms, settled after ${settledAfter}`;
  if (endedAfter > abort.after + slack)
    yield `aborted after ${abort.after} ms, the body ended after ${endedAfter}`;
}

export function* pausesAreAsAsked(seen: Observation): Generator<string> {
  const { faultCase, report, reported, events } = seen;
  for (const { number, waited } of report?.attempts ?? []) {
    const asked = reported.find(({ attempt }) => attempt === number - 1)?.asked ?? 0;
    // Node rounds timers to whole milliseconds.
    if (waited < asked - 1) yield `attempt ${number} came after ${waited} ms, the server asked for ${asked}`;
    const pause = number === 1 ? 0 : asked + faultCase.retry.cap;
    const longest = pause + faultCase.patience + allowance(seen);
    if (waited > longest) yield `attempt ${number} came after ${waited} ms, ${longest} at most`;
  }
  for (const { number, delay } of events.retry) {
    const before = (report?.attempts ?? []).slice(0, number - 1);
    // A lower bound, because the time between the attempts is not counted.
    const elapsed = before.reduce((sum, { waited, duration }) => sum + waited + duration, 0);
    if (elapsed + delay + WORTHWHILE > faultCase.timeout.total) {
      yield `attempt ${number} was to come ${delay} ms after ${elapsed} of ${faultCase.timeout.total}`;
    }
  }
}
