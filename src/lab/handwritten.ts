import type { FetchLike } from '../model/options.ts';
import { type Strategy, urlOf } from './strategy.ts';

/** `fetch` alone. It waits as long as undici does. */
export const bareFetch: Strategy = {
  name: 'bare fetch',
  client: ({ fetch }) => {
    return async (path) => (await once(fetch, urlOf(path), 300_000)) === 'good';
  },
};

/** The loop that people write by hand: three attempts of two seconds each, with one second between them. */
export const loop: Strategy = {
  name: 'loop',
  client: ({ fetch }) => {
    return async (path) => {
      for (let tries = 1; ; tries++) {
        const result = await once(fetch, urlOf(path), 2_000);
        if (result !== 'failed' || tries === 3) return result === 'good';
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    };
  },
};

/** Sends one request. `'failed'`: a retry might succeed. */
export async function once(
  fetch: FetchLike,
  url: string,
  timeout: number,
): Promise<'good' | 'bad' | 'failed'> {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error('timeout')), timeout);
  try {
    const { ok, status } = await fetch(url, { signal: controller.signal });
    return ok ? 'good' : status < 500 ? 'bad' : 'failed';
  } catch {
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}
