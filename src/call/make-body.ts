import type { BodySource } from '../body/body-source.ts';
import type { FetchBody } from '../model/options.ts';
import type { Runtime } from '../platform/runtime.ts';
import { AttemptClock, type Limits } from '../transport/clock.ts';
import type { AbortSource } from '../transport/exchange.ts';

/**
 * Makes the body for the next attempt. While a function of the caller's is making it, the attempt's timeouts run, and the
 * caller's abort ends the wait.
 */
export function makeBody(
  source: BodySource,
  {
    limits,
    runtime,
    caller,
  }: { limits: Limits | undefined; runtime: Runtime; caller: AbortSource | undefined },
): FetchBody | Promise<FetchBody> {
  const body = source.next();
  if (!(body instanceof Promise)) return body;
  const signal = caller?.signal;
  return new Promise<FetchBody>((resolve, reject) => {
    const clock = limits && new AttemptClock(limits, runtime, { paused: false, expired: fail });
    const onAbort = () => fail(signal?.reason);
    signal?.addEventListener('abort', onAbort);
    body.then((made) => {
      release();
      resolve(made);
    }, fail);

    function fail(reason: unknown): void {
      release();
      reject(reason);
    }
    function release(): void {
      clock?.stop();
      signal?.removeEventListener('abort', onAbort);
    }
  });
}
