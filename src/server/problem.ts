import { STATUS_CODES } from 'node:http';

/** The reason of a refusal, for programs. */
export type ProblemCode =
  | 'key_missing'
  | 'key_malformed'
  | 'key_reused'
  | 'in_progress'
  | 'response_not_kept'
  | 'body_too_large'
  | 'store_unavailable'
  | 'transaction_aborted'
  | 'deadline_exceeded';

export const statuses: Readonly<Record<ProblemCode, number>> = {
  key_missing: 400,
  key_malformed: 400,
  in_progress: 409,
  response_not_kept: 410,
  body_too_large: 413,
  key_reused: 422,
  transaction_aborted: 500,
  store_unavailable: 503,
  deadline_exceeded: 504,
};

interface Extras {
  /** Milliseconds after which to ask again. */
  readonly retryAfter?: number | undefined;
  /** A page for people that explains the refusals. */
  readonly documentation?: string | undefined;
}

/**
 * The response of a refusal, by RFC 9457. Without documentation the type is `about:blank`, the title is that of the status, and
 * `code` distinguishes the refusals. With documentation the type is the page, with the code as its fragment.
 */
export function problem(code: ProblemCode, detail: string, extras: Extras = {}): Response {
  const { retryAfter, documentation } = extras;
  const status = statuses[code];
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  if (retryAfter !== undefined) headers.set('retry-after', `${Math.max(1, Math.ceil(retryAfter / 1_000))}`);
  if (documentation !== undefined) headers.set('link', `<${documentation}>; rel="describedby"`);
  const type = documentation === undefined ? 'about:blank' : withFragment(documentation, code);
  const body = { type, title: STATUS_CODES[status], status, detail, code };
  return new Response(JSON.stringify(body), { status, headers });
}

/** RFC 9457, section 3.1.1: each type of problem has its own URI. */
const withFragment = (page: string, code: ProblemCode) => (page.includes('#') ? page : `${page}#${code}`);
