import { createClient } from '../fetch/create-fetch.ts';
import type { ClientOptions } from '../model/options.ts';
import { type Strategy, urlOf } from './strategy.ts';

/** The real client with the given options. */
export function steadfetch(name: string, options: ClientOptions = {}): Strategy {
  return {
    name,
    client({ world, fetch, breakerMoved }) {
      const api = createClient({ ...options, fetch }, world.runtime);
      api.on('breaker', ({ from, to }) => {
        if (from === 'closed') breakerMoved(1);
        if (to === 'closed') breakerMoved(-1);
      });
      return async (path) => {
        try {
          return (await api(urlOf(path))).ok;
        } catch {
          return false;
        }
      };
    },
  };
}

/** A design without a timeout of its own: the same client with the storm's timeout. */
export function timed(name: string, options: ClientOptions): Strategy {
  return {
    name,
    client(environment) {
      const { timeout } = environment;
      const own = timeout === undefined ? {} : { timeout: { attempt: timeout, total: false } as const };
      return steadfetch(name, { ...own, ...options }).client(environment);
    },
  };
}

const bare = { breaker: false, budget: false } as const;

export const noRetry = timed('no retry', { ...bare, retry: false });

/** `attempts` tries, one right after the other. */
export function tries(attempts: number): Strategy {
  return timed(`${attempts} tries`, { ...bare, retry: { attempts, base: 0, cap: 0 } });
}

/** A base of one second. The published collapse was probably measured with this. */
export const SLOW_BACKOFF = { base: 1_000, factor: 2, cap: 10_000 } as const;

export function jitteredTries(attempts: number): Strategy {
  return timed(`${attempts} tries, full jitter`, { ...bare, retry: { attempts, ...SLOW_BACKOFF } });
}
