import type { FormDataLike } from 'form-data-encoder';
import { FormBody } from '../body/multipart.ts';
import { isAsyncIterable, isFormData, isNodeStream } from '../body/recognise.ts';
import type { CallRequest } from '../call/request.ts';
import { type CallUrl, canonicalOrigin, DispatchUrl } from '../http/call-url.ts';
import type { FetchBody, FetchInit } from '../model/options.ts';
import { ATTEMPT } from '../transport/undici/attempt-mark.ts';
import { NodeBody } from './node-body.ts';
import { MEANT, type OwnOptions } from './own-options.ts';
import { replayed } from './replay.ts';

/**
 * What the rules have to see of a request to a dispatcher. Undefined if there is nothing here for them: a protocol
 * upgrade, or something so wrong that undici itself should say so.
 *
 * @param replay how many bytes of a stream of known length are read so that they can be sent again
 * @throws {TypeError} The request leaves its origin to the dispatcher, as one to a `Pool` may.
 */
export function readDispatch(options: OwnOptions, replay: number): CallRequest | undefined {
  const { method, upgrade } = options;
  const body = MEANT in options ? options[MEANT] : options.body;
  const url = urlOf(options);
  if (url === undefined || upgrade || method === 'CONNECT' || typeof method !== 'string') return undefined;
  const headers = recordOf(options.headers);
  if (headers === 'unreadable') return undefined;
  if (isForm(body) && headers !== undefined) withoutHeader(headers, 'content-length');
  const init: FetchInit = headers === undefined ? {} : { headers: headers as Record<string, string> };
  return {
    method,
    url,
    init,
    signal: undefined,
    body: readBody(body, headers, replay),
    stream: undefined,
    isAttempt: options[ATTEMPT] === true,
  };
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
  if (!isIterable(headers)) return withoutUndefined(headers as Record<string, unknown>);
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

/** Not if all objects are iterable, because `Object.prototype` was changed. */
function isIterable(headers: object): boolean {
  const { [Symbol.iterator]: iterator } = headers as Partial<Iterable<unknown>>;
  return typeof iterator === 'function' && iterator !== Reflect.get(Object.prototype, Symbol.iterator);
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
  if (body === undefined || body === null) return undefined;
  if (isForm(body)) return new FormBody(body, headers && boundaryIn(headers));
  const again = headers && replayed(body, valueIn(headers, 'content-length'), replay);
  if (again !== undefined) return again;
  if (isNodeStream(body)) return new NodeBody(body);
  return (isList(body) ? listed(body, replay) : body) as FetchBody;
}

/** A form is written here, and its length is known then: one that was told of before is that of another text of the same form. */
function isForm(body: unknown): body is FormDataLike {
  return isFormData(body) && !isNodeStream(body);
}

/** The boundary that the headers tell of, if they do. */
function boundaryIn(headers: HeaderRecord): string | undefined {
  const type = String(valueIn(headers, 'content-type'));
  const [, quoted, plain] = /^multipart\/form-data;.*?boundary=(?:"([^"]+)"|([^;,\s]+))/i.exec(type) ?? [];
  return quoted ?? plain;
}

/** @param name in lower case */
function valueIn(headers: HeaderRecord, name: string): unknown {
  const found = Object.keys(headers).find((other) => other.toLowerCase() === name);
  return found === undefined ? undefined : headers[found];
}

function withoutHeader(headers: HeaderRecord, name: string): void {
  for (const other of Object.keys(headers)) if (other.toLowerCase() === name) delete headers[other];
}

/**
 * undici also sends whatever can be iterated over. It is read now: a list may change, and what gives its pieces once could not be
 * sent again. But such a thing may have no end, so no more of it is read than may be kept; then the rest follows, once.
 */
function listed(body: Iterable<unknown>, replay: number): readonly unknown[] | AsyncIterable<unknown> {
  const pieces = body[Symbol.iterator]();
  if ((pieces as unknown) !== body) return [...body];
  const read: unknown[] = [];
  for (let bytes = 0; bytes <= replay; ) {
    const { done, value } = pieces.next();
    if (done) return read;
    read.push(value);
    bytes += Math.max(1, Number(Reflect.get(Object(value), 'length')) || 0);
  }
  return followed(read, pieces);
}

async function* followed(read: readonly unknown[], pieces: Iterator<unknown>): AsyncGenerator<unknown> {
  try {
    yield* read;
    for (let piece = pieces.next(); !piece.done; piece = pieces.next()) yield piece.value;
  } finally {
    pieces.return?.();
  }
}

function isList(body: unknown): body is Iterable<unknown> {
  if (typeof body !== 'object' || body === null || ArrayBuffer.isView(body)) return false;
  return Symbol.iterator in body && !isAsyncIterable(body) && !isFormData(body);
}
