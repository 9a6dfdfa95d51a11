import { hasBadPort } from '../../http/bad-ports.ts';
import { writtenPairs } from '../../http/written-headers.ts';
import type { FetchInit } from '../../model/options.ts';
import type { AttemptRequest } from '../exchange.ts';
import type { Upload } from './upload.ts';

/** What a dispatcher is asked for. */
export interface PlainRequest {
  readonly origin: string;
  readonly path: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

/**
 * The request that `fetch` would send, if that is plain: a known method, headers that need no attention, nothing asked for
 * that is done after the response has come. Undefined for all else, which is `fetch`'s own to build, or to refuse.
 *
 * The headers are those of the caller and then what `fetch` adds, in its order. test/dropin holds the two next to each
 * other, byte by byte.
 */
export function plainRequest(
  { url, init, headers, body }: AttemptRequest,
  upload: Upload | undefined,
): PlainRequest | undefined {
  const { href, origin } = url;
  const method = METHODS.get(init.method === undefined ? 'GET' : init.method);
  if (method === undefined || !isPlainInit(init) || hasBadPort(origin)) return undefined;
  if (body !== undefined && body !== null && upload === undefined) return undefined;
  if (upload?.standIn !== undefined && init.duplex === undefined) return undefined;

  const sent = plainHeaders(headers);
  if (sent === undefined) return undefined;
  const { record, names } = sent;
  const add = (name: string, value: string) => {
    if (!names.includes(name)) record[name] = value;
  };
  const { 'content-type': type, 'content-length': length } = upload?.headers ?? NO_HEADERS;
  if (type !== undefined) add('content-type', type);
  add('accept', '*/*');
  add('accept-language', '*');
  if (length !== undefined) record['content-length'] = length;
  else if (upload === undefined && (method === 'POST' || method === 'PUT')) record['content-length'] = '0';
  record['sec-fetch-mode'] = 'cors';
  add('user-agent', USER_AGENT);
  add('accept-encoding', href.startsWith('https:') ? 'br, gzip, deflate' : 'gzip, deflate');

  const hash = href.indexOf('#');
  const path = href.slice(origin.length, hash === -1 ? href.length : hash);
  return { origin, path, method, headers: record };
}

/** What Node's own `fetch` says it is; the npm package says `undici`. */
export const USER_AGENT = 'node';

const NO_HEADERS: Record<string, string> = {};

/** As `fetch` sends them. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ...['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].flatMap((method): [string, string][] => [
    [method, method],
    [method.toLowerCase(), method],
  ]),
  ['PATCH', 'PATCH'],
]);

/** What an init may say and change nothing: what a `Request` always says. */
const WITHOUT_EFFECT: Readonly<Record<string, readonly unknown[]>> = {
  mode: ['cors'],
  credentials: ['same-origin', 'omit', 'include'],
  cache: ['default'],
  redirect: ['follow', 'manual', 'error'],
  referrer: ['about:client'],
  referrerPolicy: [''],
  integrity: [''],
  keepalive: [false],
  duplex: ['half'],
  window: [],
  priority: [],
};

function isPlainInit(init: FetchInit): boolean {
  for (const name of Object.keys(init)) {
    const value = Reflect.get(init, name);
    if (value !== undefined && WITHOUT_EFFECT[name]?.includes(value) === false) return false;
  }
  return true;
}

/** A token. One that begins with a digit would not keep its place in an object. */
const NAME = /^[!#$%&'*+\-.^_`|~A-Za-z][!#$%&'*+\-.^_`|~0-9A-Za-z]*$/;
/** HTTP's whitespace: there is more that JavaScript takes for such. */
const EDGE = /^[\t\n\r ]|[\t\n\r ]$/;
const EDGES = /^[\t\n\r ]+|[\t\n\r ]+$/g;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Headers at which `fetch` does, or undici refuses, something. */
const DELICATE: ReadonlySet<string> = new Set([
  '__proto__',
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'range',
  'sec-fetch-mode',
  'set-cookie',
  'transfer-encoding',
  'upgrade',
]);

interface PlainHeaders {
  readonly record: Record<string, string>;
  /** In lower case. */
  readonly names: readonly string[];
}

function plainHeaders(headers: FetchInit['headers']): PlainHeaders | undefined {
  const record: Record<string, string> = {};
  const names: string[] = [];
  if (headers === undefined) return { record, names };
  const isEach = eachHeader(headers, (name, value) => {
    const lower = name.toLowerCase();
    if (!NAME.test(name) || names.includes(lower) || DELICATE.has(lower)) return false;
    const trimmed = EDGE.test(value) ? value.replace(EDGES, '') : value;
    if (!VALUE.test(trimmed)) return false;
    names.push(lower);
    record[name] = trimmed;
    return true;
  });
  return isEach ? { record, names } : undefined;
}

/** False if `visit` was at once, or if these are no headers that can be read like that. */
function eachHeader(
  headers: NonNullable<FetchInit['headers']>,
  visit: (name: string, value: string) => boolean,
): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  if (headers instanceof Headers || Array.isArray(headers)) {
    const pairs: Iterable<unknown> = headers instanceof Headers ? writtenPairs(headers) : headers;
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) return false;
      const [name, value] = pair;
      if (typeof name !== 'string' || typeof value !== 'string' || !visit(name, value)) return false;
    }
    return true;
  }
  // Another copy's Headers remember more than they say.
  if (Symbol.iterator in headers || Object.getOwnPropertySymbols(headers).length > 0) return false;
  for (const name of Object.keys(headers)) {
    const value = Reflect.get(headers, name);
    if (typeof value !== 'string' || !visit(name, value)) return false;
  }
  return true;
}
