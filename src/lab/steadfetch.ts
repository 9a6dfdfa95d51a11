import { createClient } from '../fetch/create-fetch.ts';
import type { ClientOptions } from '../model/options.ts';
import { SERVICE_URL, type Strategy } from './strategy.ts';

/** The real client, by the given options. */
export function steadfetch(name: string, options: ClientOptions = {}): Strategy {
  return {
    name,
    client({ world, fetch, timeout, breakerMoved }) {
      const own = timeout === undefined ? {} : { timeout: { attempt: timeout } };
      const api = createClient({ ...own, ...options, fetch }, world.runtime);
      api.on('breaker', ({ from, to }) => {
        if (from === 'closed') breakerMoved(1);
        if (to === 'closed') breakerMoved(-1);
      });
      return async () => {
        try {
          return (await api(SERVICE_URL)).ok;
        } catch {
          return false;
        }
      };
    },
  };
}

const bare = { breaker: false, budget: false } as const;

export const noRetry = steadfetch('no retry', { ...bare, retry: false });

/** `attempts` tries, one right after the other. */
export function tries(attempts: number): Strategy {
  return steadfetch(`${attempts} tries`, { ...bare, retry: { attempts, base: 0, cap: 0 } });
}

/** With a second as base: what the published collapse was measured with, as far as can be told. */
export const SLOW_BACKOFF = { base: 1_000, cap: 10_000 } as const;

export function jitteredTries(attempts: number): Strategy {
  return steadfetch(`${attempts} tries, full jitter`, { ...bare, retry: { attempts, ...SLOW_BACKOFF } });
}
