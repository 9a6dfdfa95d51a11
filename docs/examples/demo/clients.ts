import { setTimeout as sleep } from 'node:timers/promises';
import type { SteadFetch } from 'steadfetch';

/** A client of the comparison. */
export interface Client {
  readonly name: string;
  readonly send: (url: string, init: RequestInit) => Promise<Response>;
}

/** (a) `fetch` alone. */
export const bareFetch: Client = {
  name: 'bare fetch',
  send: (url, init) => fetch(url, init),
};

/** (b) The loop that people write by hand. */
export const retryLoop: Client = {
  name: 'retry loop',
  async send(url, init) {
    for (let tries = 1; ; tries++) {
      try {
        const response = await fetch(url, { ...init, signal: AbortSignal.timeout(2_000) });
        if (response.status < 500 || tries === 3) return response;
      } catch (error) {
        if (tries === 3) throw error;
      }
      await sleep(1_000);
    }
  },
};

/**
 * (c) steadfetch, called just like (a): each call makes a key of its own. If the caller may repeat the work in another
 * call (after a crash, for example), it gives the key: `idempotencyKey: ['order', order.id]`.
 */
export function steadfetch(api: SteadFetch): Client {
  return { name: 'steadfetch', send: (url, init) => api(url, init) };
}
