import type { Clock } from 'pg-boss';
import { callReport } from '../call/report.ts';
import type { Policy } from '../model/options.ts';
import { bodyOf } from './body.ts';
import { type Call, handleOf } from './call.ts';
import type { Job } from './engine.ts';
import type { CheckedOutbox } from './options.ts';
import { failureOf } from './preparing.ts';
import type { Why } from './result.ts';
import type { Sent } from './verdict.ts';

/** Something in this process kept a call from being sent; the destination had no part in it. */
export interface NotSent {
  readonly own: Extract<Why, 'prepare' | 'no-policy' | 'expired'>;
  readonly error?: unknown;
}

/** However long the client's timeouts let it go on: by then the engine would give the call to another worker. */
const LONGEST_SENDING = 50 * 60_000;

/** Sends a call once, with all that the client does about it, and not a moment longer than its key lasts. */
export async function send(job: Job, options: CheckedOutbox, clock: Clock): Promise<Sent | NotSent> {
  const { fetch, policies = {}, prepare } = options;
  const { method, url, headers: stored, body: storedBody, key, policy: name } = job.call;
  const policy = name === undefined ? undefined : policies[name];
  if (name !== undefined && policy === undefined) {
    return { own: 'no-policy', error: new Error(`the outbox has no policy ${JSON.stringify(name)}`) };
  }
  const headers = new Headers(stored.map(([header, value]): [string, string] => [header, value]));
  const body = storedBody && bodyOf(storedBody);
  const call: Call = handleOf(job.id, job.call);
  const untilEnd = () => job.local.until - clock.now();
  if (prepare !== undefined) {
    const work = async () => prepare({ method, url, headers, body, call });
    const failed = await failureOf(work, clock, untilEnd());
    // It may have taken until now.
    if (untilEnd() <= 0) return { own: 'expired' };
    if (failed !== undefined) return { own: 'prepare', error: failed.error };
  }
  const limit = new AbortController();
  const timer = clock.setTimeout(() => limit.abort(), Math.min(untilEnd(), LONGEST_SENDING));
  try {
    const response = await fetch(url, {
      method,
      headers,
      signal: limit.signal,
      ...(body !== undefined && { body }),
      ...(key !== undefined && { idempotencyKey: key }),
      ...policyOf(policy),
    });
    return { response, report: callReport(response) };
  } catch (error) {
    return { error, report: callReport(error) };
  } finally {
    clock.clearTimeout(timer);
  }
}

const policyOf = (policy: Policy | undefined) => policy && { policy };
