import type { Dispatcher } from 'undici';
import { type Call, RETRIES, type Row, type Send } from './row.ts';

export const REQUEST = 'undici.request';
export const INTERCEPTED = 'undici.request, resilience()';

/** What goes through a dispatcher, without `fetch`. */
export const intercepted: readonly Row[] = [
  {
    name: REQUEST,
    async make() {
      const { Agent } = await import('undici');
      return requestThrough(new Agent());
    },
  },
  {
    name: INTERCEPTED,
    async make() {
      const { Agent } = await import('undici');
      const { resilience } = await import('steadfetch/undici');
      return requestThrough(new Agent().compose(resilience()));
    },
  },
  {
    name: "undici.request, undici's retry()",
    async make() {
      const { Agent, interceptors } = await import('undici');
      return requestThrough(new Agent().compose(interceptors.retry({ maxRetries: RETRIES })));
    },
  },
];

/** Calls with `undici.request`. */
export async function requestThrough(dispatcher: Dispatcher): Promise<Send> {
  const { request } = await import('undici');
  return async ({ url, method, body }: Call) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await request(url, { method, headers, body: body ?? null, dispatcher });
    return response.body.json();
  };
}
