import { FallbackError } from '../model/errors.ts';
import type { CallFailure, Fallback } from '../model/fallback.ts';
import type { Stopped } from '../model/report.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import type { Attempted } from './attempt.ts';
import type { CallPlan } from './plan.ts';

/**
 * Whether a fallback is asked: the service failed to answer, or its last response is a failure of its own. Not for answers that say
 * something about the request (404), nor for mistakes of the caller's, which a fallback would hide.
 */
export function isFailure<A extends ResponseHead>(
  stopped: Stopped,
  { response, verdict }: Attempted<A>,
): boolean {
  if (stopped === 'success' || stopped === 'aborted' || verdict.isMistake) return false;
  if (verdict.reason === 'invalid' || verdict.reason === 'body') return false;
  return response === undefined || verdict.reason === 'status' || response.status >= 500;
}

/**
 * Asks the fallback of the rule.
 *
 * @returns undefined: there is no other response, or the caller has left meanwhile
 * @throws {FallbackError} The fallback threw, or gave something that is not a response.
 */
export async function askFallback<A extends ResponseHead>(
  { record, caller }: CallPlan<A>,
  fallback: Fallback,
  stopped: Stopped,
  how: Pick<CallFailure, 'status' | 'headers' | 'error'>,
): Promise<Response | undefined> {
  const failure: CallFailure = {
    method: record.method,
    url: record.location,
    endpoint: record.endpoint,
    stopped,
    delivery: record.delivery,
    attempts: record.attempts.length,
    ...how,
  };
  const broken = (what: string, cause?: unknown) =>
    new FallbackError(failure, record.endpoint ?? record.url, what, cause);
  try {
    const answer: unknown = await unlessAborted(async () => fallback(failure), caller?.signal);
    if (answer === undefined || isResponse(answer)) return answer;
  } catch (error) {
    throw broken('threw an error', error);
  }
  throw broken('gave something that is not a Response');
}

/** By its tag: a test may have a class of its own. */
function isResponse(answer: unknown): answer is Response {
  return (
    typeof answer === 'object' && answer !== null && Reflect.get(answer, Symbol.toStringTag) === 'Response'
  );
}

/** Resolves to undefined as soon as the signal aborts. */
function unlessAborted<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return work();
  return new Promise((resolve, reject) => {
    const leave = () => resolve(undefined);
    signal.addEventListener('abort', leave);
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave));
  });
}
