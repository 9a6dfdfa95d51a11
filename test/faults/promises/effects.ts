import { type FaultCase, isSafe } from '../fault-case.ts';
import type { Observation } from '../observation.ts';

export function* noEffectTwice({ faultCase, effects }: Observation): Generator<string> {
  const most = isSafe(faultCase) ? 0 : 1;
  if (effects > most) yield `${effects} effects`;
}

export function* okIsBooked({ faultCase, effects, answer }: Observation): Generator<string> {
  if (answer !== undefined && answer.status < 400 && !isSafe(faultCase) && effects !== 1) {
    yield `the caller was told ${answer.status}, the ledger has ${effects} effects`;
  }
}

export function* bodyIsWhole({ faultCase, injected, answer, expectedBody, abort, endedAfter }: Observation) {
  if (answer === undefined) return;
  const fault = injected.at(-1);
  const fits =
    faultCase.buffer !== false && faultCase.buffer >= (expectedBody?.length ?? Number.POSITIVE_INFINITY);
  if (answer.body !== undefined) {
    // `fetch` itself accepts half of a gzip payload as complete.
    if (expectedBody === undefined || (fault?.kind === 'short-gzip' && !fits)) return;
    if (!answer.body.equals(expectedBody)) {
      yield `${answer.body.length} bytes were read of an answer of ${expectedBody.length}`;
    }
  } else if (fits && abort === undefined) {
    yield 'reading a buffered body failed';
  } else if (!breaksBody(fault) && abort === undefined && inTime(faultCase, endedAfter)) {
    yield 'reading a body failed that the server sent in full';
  }
}

function breaksBody(fault: Observation['injected'][number] | undefined): boolean {
  return fault?.kind === 'cut' || fault?.kind === 'garbage' || fault?.kind === 'short-gzip';
}

function inTime({ timeout }: FaultCase, endedAfter: number): boolean {
  return endedAfter < timeout.idle && endedAfter < timeout.total;
}
