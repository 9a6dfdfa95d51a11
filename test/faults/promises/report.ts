import { isDeepStrictEqual } from 'node:util';
import { type AttemptReport, type CallReport, hashKey } from '../../../src/index.ts';
import { goesOnce } from '../bodies.ts';
import { hasKey, isIdempotent } from '../fault-case.ts';
import type { Observation } from '../observation.ts';
import { isRetried, WORTHWHILE } from './limits.ts';

export function* reportIsTrue(seen: Observation): Generator<string> {
  const { report, answer, error, events, faultCase } = seen;
  if (report === undefined) {
    yield 'there is none';
    return;
  }
  const { attempts, stopped, delivery } = report;
  const last = attempts.at(-1);
  if (report.method !== faultCase.method) yield `the method is ${report.method}`;
  if (attempts.some(({ number }, index) => number !== index + 1))
    yield 'the attempts are not numbered in order';
  if (delivery !== deliveryOf(attempts))
    yield `delivery is ${delivery}, by its attempts ${deliveryOf(attempts)}`;
  for (const attempt of attempts) {
    const retried = attempt !== last;
    yield* attemptIsConsistent(attempt, retried);
  }
  const received = answer?.status ?? (error as Error | undefined)?.name;
  const noted = last?.error ? last.error.name : last?.status;
  if (stopped !== 'aborted' && received !== noted)
    yield `the caller got ${received}, the last attempt ${noted}`;
  if (
    !isDeepStrictEqual(
      events.attempt.map(({ attempt }) => attempt),
      attempts,
    )
  ) {
    yield 'the attempt events are not the attempts';
  }
  // Listeners see a caller's key as its hash.
  const [settled] = events.settled;
  // The body ends later.
  const { body: _body, ...atFirst } = report;
  const key = report.idempotencyKey;
  const isKnown = settled?.idempotencyKey === key || (key && settled?.idempotencyKey === hashKey(key));
  if (
    !isKnown ||
    !isDeepStrictEqual(events.settled, [{ ...atFirst, idempotencyKey: settled?.idempotencyKey }])
  ) {
    yield 'the settled event is not the report';
  }
  yield* retriesAreAnnounced(seen, report);
  const doubt = doubtAbout(seen, report);
  if (doubt) yield `stopped is ${stopped}, but ${doubt}`;
}

function deliveryOf(attempts: readonly AttemptReport[]): CallReport['delivery'] {
  if (attempts.at(-1)?.delivery === 'answered') return 'answered';
  return attempts.every(({ delivery }) => delivery === 'not-sent') ? 'not-sent' : 'unknown';
}

function* attemptIsConsistent(attempt: AttemptReport, retried: boolean): Generator<string> {
  const { number, reason, status, error, delivery } = attempt;
  const wrong = (what: string) => `attempt ${number} (${reason}): ${what}`;
  if ((status !== undefined) !== (delivery === 'answered')) yield wrong(`${delivery} with status ${status}`);
  switch (reason) {
    case 'success':
      if (status === undefined || status >= 400 || error || retried)
        yield wrong(`${status}, retried: ${retried}`);
      break;
    case 'final-status':
      if (retried) yield wrong('it was retried');
      break;
    case 'status':
      if (status === undefined || status < 400 || error) yield wrong(`status ${status}`);
      break;
    case 'network':
      if (!error) yield wrong('no error');
      break;
    case 'timeout':
      if (error?.name !== 'TimeoutError') yield wrong(`error ${error?.name}`);
      break;
    case 'aborted':
      if (retried) yield wrong('it was retried');
      break;
    default:
      yield wrong('that cannot be');
  }
}

function* retriesAreAnnounced({ events }: Observation, { attempts, stopped }: CallReport): Generator<string> {
  const unmet = events.retry.length - (attempts.length - 1);
  // After a pause the caller may have aborted, or a guard may have kept the call waiting until its time was over.
  const isGivenUp = ['aborted', 'breaker', 'budget', 'deadline'].includes(stopped);
  if (unmet !== 0 && !(unmet === 1 && isGivenUp)) {
    yield `${events.retry.length} retry events for ${attempts.length} attempts`;
  }
  for (const { number, reason, delay } of events.retry) {
    if (reason !== attempts[number - 2]?.reason) yield `retry ${number} has the reason ${reason}`;
    const { waited } = attempts[number - 1] ?? { waited: delay };
    if (waited < delay - 2) yield `retry ${number} was to come after ${delay} ms and came after ${waited}`;
  }
}

/** Why the reason for which the call ended cannot be the true one. A client that gives up for nothing is caught here. */
function doubtAbout(seen: Observation, { stopped, attempts, duration }: CallReport): string | false {
  const { faultCase, answer, error, events, reported, abort } = seen;
  const last = attempts.at(-1);
  const failed = last?.reason === 'status' || last?.reason === 'network' || last?.reason === 'timeout';
  if (events.budget.length !== (stopped === 'budget' ? 1 : 0))
    return `there are ${events.budget.length} budget events`;
  switch (stopped) {
    case 'success':
      return last?.reason !== 'success' && `the last attempt is a ${last?.reason}`;
    case 'final-status':
      return (
        (last?.reason !== 'final-status' || isRetried(faultCase, answer?.status ?? 0)) &&
        `it was ${answer?.status}`
      );
    case 'attempts':
      return (attempts.length !== faultCase.retry.attempts || !failed) && `there were ${attempts.length}`;
    case 'deadline': {
      if (last?.reason === 'timeout' && Reflect.get(Object(error), 'phase') === 'total') return false;
      const asked = reported.find(({ attempt }) => attempt === attempts.length)?.asked ?? 0;
      const needed = asked + faultCase.retry.cap + WORTHWHILE;
      return (
        duration + needed < faultCase.timeout.total && `after ${duration} ms of ${faultCase.timeout.total}`
      );
    }
    case 'budget':
      return !(faultCase.budget && failed) && `the last attempt is a ${last?.reason}`;
    case 'limit':
      return 'there is none in these cases';
    case 'breaker':
      return events.breaker.at(-1)?.to !== 'open' && 'it is not open';
    case 'body':
      return (!goesOnce(faultCase.body) || !failed) && `the body is a ${faultCase.body}`;
    case 'unsafe': {
      const unsafe = !isIdempotent(faultCase) && !hasKey(faultCase) && last?.delivery !== 'not-sent';
      return !(unsafe && failed) && 'a repeat would have been safe';
    }
    case 'aborted':
      return abort === undefined && 'nobody aborted';
    case 'policy':
      return seen.injected.at(-1)?.kind !== 'garbage' && `it may heal: ${last?.error?.code}`;
  }
}

/** The error must be the same object, and the last one: fetch's own error, the timeout's, or the caller's reason. */
export function* errorIsItsOwn({ report, answer, error, reported, abort }: Observation): Generator<string> {
  if (report === undefined || answer !== undefined) return;
  const last = reported.find(({ attempt }) => attempt === report.attempts.length);
  if (report.stopped === 'aborted') {
    if (error !== abort?.reason) yield `the caller's reason became ${String(error)}`;
  } else if (last !== undefined) {
    if (error !== last.error) yield `${String(last.error)} became ${String(error)}`;
  } else if (Reflect.get(Object(error), 'phase') !== 'total') {
    yield `nobody was asked about ${String(error)}`;
  }
}

export function* nothingIsSecret({ secret, report, events, error }: Observation): Generator<string> {
  for (const [name, said] of Object.entries({ report, ...events })) {
    if (JSON.stringify(said)?.includes(secret)) yield `it is in ${name}`;
  }
  const ours = error instanceof Error && String(Reflect.get(error, 'code')).startsWith('ERR_STEADFETCH_');
  if (ours && error.message.includes(secret)) yield `it is in ${error.message}`;
}

export function* nothingIsLeft({ leftovers }: Observation): Generator<string> {
  yield* leftovers;
}
