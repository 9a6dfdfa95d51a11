import { serverWait } from '../http/retry-after.ts';
import type { CallReport } from '../model/report.ts';
import type { Why } from './result.ts';

/** What a sending means for the call: it is over, or it is sent again, not before `wait` milliseconds have passed. */
export type Verdict =
  | { readonly over: 'done' }
  | { readonly over: 'refused'; readonly why: Why }
  | { readonly over: false; readonly why: Why; readonly wait: number; readonly counts: boolean };

/** The longest wait that a server may ask for, in milliseconds: a year. A `Date` can't hold the longest that fits into the field. */
const LONGEST = 365 * 86_400_000;

/** One sending, as it ended. */
export interface Sent {
  readonly response?: Response;
  readonly error?: unknown;
  readonly report: CallReport | undefined;
}

/**
 * The client has judged the call already, and its word is taken: only what it calls an answer that will not change ends
 * the call here. An error is no answer, even one that no retry in the next seconds would mend: certificates get renewed.
 *
 * @param now epoch milliseconds
 */
export function judge({ response, error, report }: Sent, now: number): Verdict {
  // The client threw before there was a call: a key, a policy or a URL that it can't use.
  if (report === undefined) return { over: 'refused', why: 'invalid' };
  const { stopped, attempts } = report;
  /** What was never sent was no try. */
  const counts = attempts.length > 0;
  const wait = response === undefined ? 0 : Math.min(serverWait(response.headers, now) ?? 0, LONGEST);
  switch (stopped) {
    case 'success':
      return { over: 'done' };
    case 'final-status':
    case 'unsafe':
      return { over: 'refused', why: stopped };
    case 'breaker':
    case 'limit':
      return { over: false, why: stopped, wait: Math.max(wait, retryAt(error, now)), counts };
    case 'policy':
      // A Retry-After beyond the client's patience is not beyond the outbox's; a `retry.when` that said no is final.
      if (response !== undefined && wait === 0) return { over: 'refused', why: stopped };
      if (attempts.at(-1)?.reason === 'invalid') return { over: 'refused', why: 'invalid' };
      return { over: false, why: stopped, wait, counts };
    default:
      return { over: false, why: stopped, wait, counts };
  }
}

function retryAt(error: unknown, now: number): number {
  const at: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'retryAt') : undefined;
  return typeof at === 'number' ? Math.max(0, at - now) : 0;
}
