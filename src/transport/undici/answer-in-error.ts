import { causes } from '../../model/cause.ts';
import type { Exchange } from '../exchange.ts';
import type { RawHeaders } from './handlers.ts';
import { headerOf } from './raw-headers.ts';

/** undici's interceptors that make an error of a response with a bad status: `responseError`, and `retry` when it gives up. */
const OF_A_RESPONSE: ReadonlySet<unknown> = new Set(['UND_ERR_RESPONSE', 'UND_ERR_REQ_RETRY']);

/** The answer that an error was made of, between the network and us. */
export function answerIn(error: unknown): Exchange['answer'] {
  for (const cause of causes(error)) {
    const { code, statusCode, headers } = cause as {
      code?: unknown;
      statusCode?: unknown;
      headers?: unknown;
    };
    // `retry` also refuses a part that does not fit (206).
    if (!OF_A_RESPONSE.has(code) || typeof statusCode !== 'number' || statusCode < 400) continue;
    const raw = (headers ?? {}) as RawHeaders;
    return { status: statusCode, headers: { get: (name) => headerOf(raw, name) ?? null } };
  }
  return undefined;
}
