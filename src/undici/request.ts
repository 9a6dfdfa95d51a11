import { heard } from '../body/node-stream.ts';
import { isAsyncIterable, isFormData, isNodeStream } from '../body/recognise.ts';
import type { CallRequest } from '../call/request.ts';
import { type CallUrl, canonicalOrigin, DispatchUrl } from '../http/call-url.ts';
import type { FetchBody, FetchInit } from '../model/options.ts';
import type { OwnOptions } from './own-options.ts';
import { replayed } from './replay.ts';

/**
 * What the rules have to see of a request to a dispatcher. Undefined if there is nothing here for them: a protocol
 * upgrade, or something so wrong that undici itself should say so.
 *
 * @param replay how many bytes of a stream of known length are read so that they can be sent again
 * @throws {TypeError} The request leaves its origin to the dispatcher, as one to a `Pool` may.
 */
export function readDispatch(options: OwnOptions, replay: number): CallRequest | undefined {
  const { method, upgrade, body } = options;
  const url = urlOf(options);
  if (url === undefined || upgrade || method === 'CONNECT' || typeof method !== 'string') return undefined;
  const headers = recordOf(options.headers);
  if (headers === 'unreadable') return undefined;
  const init: FetchInit = headers === undefined ? {} : { headers: headers as Record<string, string> };
  return { method, url, init, signal: undefined, body: readBody(body, headers, replay), stream: undefined };
}

function urlOf({ origin, path }: OwnOptions): CallUrl | undefined {
  if (typeof path !== 'string') return undefined;
  // To a proxy, the path is the URL.
  if (!path.startsWith('/')) return URL.canParse(path) ? new URL(path) : undefined;
  if (origin === undefined) {
    throw new TypeError('resilience() has to know the origin of each request: give `origin` beside `path`');
  }
  const base = canonicalOrigin(String(origin));
  return base === undefined ? undefined : new DispatchUrl(base, path);
}

type HeaderRecord = Record<string, string | string[]>;

/** Headers in one form for all of undici's three: names and values in turn, pairs, an object. */
function recordOf(headers: unknown): HeaderRecord | 'unreadable' | undefined {
  if (headers === undefined || headers === null) return undefined;
  if (typeof headers !== 'object') return 'unreadable';
  if (!(Symbol.iterator in headers)) return withoutUndefined(headers as Record<string, unknown>);
  const list = [...(headers as Iterable<unknown>)];
  const pairs = Array.isArray(headers) ? inPairs(list) : list;
  // Without a prototype: `constructor` is a header name like any other.
  const record: HeaderRecord = Object.create(null);
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string') return 'unreadable';
    const [name, value] = pair as [string, string | string[]];
    const before = record[name];
    // Of these there is one: undici says so itself.
    if (before !== undefined && /^(?:content-length|host)$/i.test(name)) return 'unreadable';
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return withoutUndefined(record);
}

/** A copy, without what undici drops. */
function withoutUndefined(headers: Readonly<Record<string, unknown>>): HeaderRecord {
  const record: Record<string, unknown> = { ...headers };
  for (const name of Object.keys(record)) if (record[name] === undefined) delete record[name];
  return record as HeaderRecord;
}

function inPairs(list: readonly unknown[]): unknown[][] {
  return list.flatMap((_, index) => (index % 2 === 0 ? [list.slice(index, index + 2)] : []));
}

function readBody(body: unknown, headers: HeaderRecord | undefined, replay: number): CallRequest['body'] {
  const stream = isAsyncIterable(body) ? heard(body) : undefined;
  if (stream === undefined || headers === undefined) return bodyOf(body);
  return replayed(stream, lengthIn(headers), replay) ?? bodyOf(body);
}

function lengthIn(headers: HeaderRecord): unknown {
  const name = Object.keys(headers).find((name) => name.toLowerCase() === 'content-length');
  return name === undefined ? undefined : headers[name];
}

/** undici also sends whatever can be iterated over; what can only be iterated over once is read now. */
function bodyOf(body: unknown): FetchBody | undefined {
  if (body === undefined || body === null) return undefined;
  return (isList(body) ? [...body] : heard(body)) as FetchBody;
}

function isList(body: unknown): body is Iterable<unknown> {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return false;
  return Symbol.iterator in body && !isNodeStream(body) && !isAsyncIterable(body) && !isFormData(body);
}
