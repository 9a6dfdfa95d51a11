import { STATUS_CODES } from 'node:http';

/** Why a request was refused, for programs. */
export type ProblemCode =
  | 'key_missing'
  | 'key_malformed'
  | 'key_reused'
  | 'in_progress'
  | 'response_not_kept'
  | 'body_too_large'
  | 'store_unavailable';

const statuses: Record<ProblemCode, number> = {
  key_missing: 400,
  key_malformed: 400,
  in_progress: 409,
  response_not_kept: 410,
  body_too_large: 413,
  key_reused: 422,
  store_unavailable: 503,
};

/**
 * A refusal, as RFC 9457 wants it. The type is `about:blank`, so the title is the status' own; `code` tells them apart.
 *
 * @param retryAfter Milliseconds after which asking again makes sense.
 */
export function problem(code: ProblemCode, detail: string, retryAfter?: number): Response {
  const status = statuses[code];
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (retryAfter !== undefined) headers.set('retry-after', `${Math.max(1, Math.ceil(retryAfter / 1_000))}`);
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail, code };
  return new Response(JSON.stringify(body), { status, headers });
}
