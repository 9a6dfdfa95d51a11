import type { Clock } from 'pg-boss';
import { callReport } from '../call/report.ts';
import type { Policy } from '../model/options.ts';
import { bodyOf } from './body.ts';
import { type Call, handleOf } from './call.ts';
import type { Job } from './engine.ts';
import type { CheckedOutbox } from './options.ts';
import type { Why } from './result.ts';
import type { Sent } from './verdict.ts';

/** Something in this process kept a call from being sent; the destination had no part in it. */
export interface NotSent {
  readonly own: Extract<Why, 'prepare' | 'no-policy' | 'expired'>;
  readonly error?: unknown;
}

/** However long the client's timeouts let it go on: by then the engine would give the call to another worker. */
const LONGEST_SENDING = 50 * 60_000;
/** Longer than any token takes, and short enough for a worker that is to stop. */
const LONGEST_PREPARING = 60_000;

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
    const failed = await failureWithin(Math.min(untilEnd(), LONGEST_PREPARING), work, clock);
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

/** The error of the work, or that it took too long: what never comes back must not hold its worker for ever. */
async function failureWithin(
  ms: number,
  work: () => Promise<unknown>,
  clock: Clock,
): Promise<{ readonly error: unknown } | undefined> {
  let timer: unknown;
  const late = new Promise<never>((_, reject) => {
    timer = clock.setTimeout(() => reject(new Error(`prepare took longer than ${Math.max(0, ms)} ms`)), ms);
  });
  try {
    await Promise.race([work(), late]);
    return undefined;
  } catch (error) {
    return { error };
  } finally {
    clock.clearTimeout(timer);
  }
}

const policyOf = (policy: Policy | undefined) => policy && { policy };
