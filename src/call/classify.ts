import type { Outcome } from '../guard/guard.ts';
import type { HeaderReader } from '../http/headers.ts';
import { causes } from '../model/cause.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import type { AttemptReason, Stopped } from '../model/report.ts';
import type { Exchange } from '../transport/exchange.ts';
import { type Permanence, permanenceOf } from './network-error.ts';

/** What the result of an attempt means for its call. */
export interface Verdict {
  readonly reason: AttemptReason;
  /** The outcome that the guards count. */
  readonly outcome: Outcome;
  /** Why the call ends; undefined if the attempt may be retried. */
  readonly stopped: Stopped | undefined;
  /** A function of the caller's threw. */
  readonly isMistake?: true;
}

const success: Verdict = { reason: 'success', outcome: 'success', stopped: 'success' };
const aborted: Verdict = { reason: 'aborted', outcome: 'ignored', stopped: 'aborted' };
/** The call's own deadline says nothing about the dependency. */
const outOfTime: Verdict = { reason: 'timeout', outcome: 'ignored', stopped: 'deadline' };
const timeout: Verdict = { reason: 'timeout', outcome: 'failure', stopped: undefined };
/** Another attempt of the call was answered first, which says nothing about the dependency. */
export const LOST: Verdict = { reason: 'lost', outcome: 'ignored', stopped: undefined };
const invalid: Verdict = { reason: 'invalid', outcome: 'ignored', stopped: 'policy' };
/** The caller's body threw while it was made or sent. The dependency is not at fault. */
const unusableBody: Verdict = { reason: 'body', outcome: 'ignored', stopped: 'body' };
const onTheWire: Readonly<Record<Permanence, Verdict>> = {
  transient: { reason: 'network', outcome: 'failure', stopped: undefined },
  permanent: { reason: 'network', outcome: 'failure', stopped: 'policy' },
  local: invalid,
};

/** Whether the attempt ends its call without waiting for another attempt: it has the call's response, or the time is over. */
export function isDecisive({ stopped }: Verdict): boolean {
  return (
    stopped === 'success' || stopped === 'final-status' || stopped === 'aborted' || stopped === 'deadline'
  );
}

/** The head of a response, as far as it is judged. */
interface Answer {
  readonly status: number;
  readonly headers: HeaderReader;
}

/**
 * Judges an attempt that was answered.
 * @param keyed whether the server recognises a repeat of this call by its key
 */
export function judgeResponse(response: Answer, policy: ResolvedPolicy, keyed: boolean): Verdict {
  const { status } = response;
  // A test's answer may have no status.
  if (!(status >= 400)) return success;
  const outcome = status >= 500 ? 'failure' : 'success';
  if (isRetried(response, policy, keyed)) return { reason: 'status', outcome, stopped: undefined };
  return { reason: 'final-status', outcome, stopped: 'final-status' };
}

function isRetried(
  { status, headers }: Answer,
  { retry, idempotency }: ResolvedPolicy,
  keyed: boolean,
): boolean {
  if (idempotency !== false) {
    const word = idempotency.retryHeader && headers.get(idempotency.retryHeader)?.trim().toLowerCase();
    if (word === 'true') return true;
    if (word === 'false') return false;
    if (keyed && idempotency.finalStatuses.has(status)) return false;
    if (keyed && idempotency.retryStatuses.has(status)) return true;
  }
  return retry.statuses.has(status);
}

/** Judges an attempt that threw. */
export function judgeError(
  error: unknown,
  { fault }: Pick<Exchange, 'fault'>,
  callerAborted: boolean,
): Verdict {
  if (callerAborted) return aborted;
  if (isTimeout(error)) return error.phase === 'total' ? outOfTime : timeout;
  if (fault === 'body' || isUnreadable(error)) return unusableBody;
  if (fault === 'response') return onTheWire.permanent;
  return fault === 'network' ? onTheWire[permanenceOf(error)] : invalid;
}

/** Only a Blob or File of the caller's throws a NotReadableError, and undici does not say what threw. */
function isUnreadable(error: unknown): boolean {
  return [...causes(error)].some((cause) => Reflect.get(cause, 'name') === 'NotReadableError');
}

/** Compares the code, not the class, because a process may have two copies of this package. */
function isTimeout(error: unknown): error is { phase: string } {
  return error instanceof Error && Reflect.get(error, 'code') === 'ERR_STEADFETCH_TIMEOUT';
}
