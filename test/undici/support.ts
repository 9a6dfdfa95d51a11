import { Agent, type Dispatcher } from 'undici';
import { type Resilience, type ResilienceOptions, resilience } from '../../src/undici/index.ts';

/** Backoff in the range of a millisecond, everything else as it comes. */
export const quick: ResilienceOptions = { retry: { attempts: 4, base: 1, cap: 2 }, patience: 0 };

/** An agent behind an interceptor. Unused connections close at once, so a connection that stays open is in use. */
export function guarded(options: ResilienceOptions = quick): { guard: Resilience; dispatcher: Dispatcher } {
  const guard = resilience(options);
  return { guard, dispatcher: new Agent({ keepAliveTimeout: 10 }).compose(guard) };
}
