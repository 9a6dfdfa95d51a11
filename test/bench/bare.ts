import { initOf, type Row, TIMEOUT } from './row.ts';

/** The base of all ratios: the fastest `fetch` that has at least a timeout. */
export const BASE = 'undici.fetch + AbortSignal.timeout';

/** No retries, no keys, no breaker. */
export const bare: readonly Row[] = [
  {
    name: 'undici.request',
    async make() {
      const { request } = await import('undici');
      return async ({ url, method, body }) => {
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const response = await request(url, { method, headers, body: body ?? null });
        return response.body.json();
      };
    },
  },
  {
    name: 'undici.fetch',
    async make() {
      const { fetch } = await import('undici');
      return async (call) => (await fetch(call.url, initOf(call))).json();
    },
  },
  {
    name: BASE,
    async make() {
      const { fetch } = await import('undici');
      return async (call) => {
        const init = initOf(call);
        init.signal = AbortSignal.timeout(TIMEOUT);
        return (await fetch(call.url, init)).json();
      };
    },
  },
  {
    name: 'built-in fetch',
    async make() {
      return async (call) => (await fetch(call.url, initOf(call))).json();
    },
  },
];
