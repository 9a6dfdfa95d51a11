import type { Observation } from './observation.ts';
import { bodyIsWhole, noEffectTwice, okIsBooked } from './promises/effects.ts';
import { abortEndsTheCall, attemptsAreAllowed, deadlineIsKept, pausesAreAsAsked } from './promises/limits.ts';
import { errorIsItsOwn, nothingIsLeft, nothingIsSecret, reportIsTrue } from './promises/report.ts';
import { attemptsAreRequests, bytesAreTheSame, keyIsTheSame, notSentIsAFact } from './promises/wire.ts';

/** The promises that hold for every call, with any fault. Each yields the ways in which it was broken. */
const promises: Readonly<Record<string, (seen: Observation) => Generator<string>>> = {
  'no effect happens twice': noEffectTwice,
  'ok is told only of what the ledger has': okIsBooked,
  'not-sent is told only of what never left': notSentIsAFact,
  'the attempts in the report are the requests that the server saw': attemptsAreRequests,
  'no call makes more attempts than it may': attemptsAreAllowed,
  'no call outlives its deadline': deadlineIsKept,
  'an abort ends the call at once': abortEndsTheCall,
  'no pause is shorter than asked for, nor longer than can pay off': pausesAreAsAsked,
  'every attempt of a call has the same key': keyIsTheSame,
  'every attempt of a call has the same bytes and content-type': bytesAreTheSame,
  'an answer is read whole, or reading it fails': bodyIsWhole,
  'the report is true, and no call gives up without a reason': reportIsTrue,
  "what is thrown is the last attempt's own error": errorIsItsOwn,
  'no secret is in a report, an event or a message': nothingIsSecret,
  'no socket and no listener is left over': nothingIsLeft,
};

export const titles = Object.keys(promises);

/** The promises that were broken, with the way; empty: none. */
export function violations(seen: Observation): string[] {
  return Object.entries(promises).flatMap(([title, broken]) =>
    [...broken(seen)].map((how) => `${title}: ${how}`),
  );
}
