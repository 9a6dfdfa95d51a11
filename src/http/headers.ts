import type { FetchInit } from '../model/options.ts';
import { writtenPairs } from './written-headers.ts';

type HeadersInit = NonNullable<FetchInit['headers']>;

/**
 * The headers as they are now, in a form that can be read for each attempt: the caller may go on changing theirs, and a
 * generator gives its pairs once. What makes no sense is left as it is, for `fetch` to say so.
 */
export function copyHeaders(headers: HeadersInit): HeadersInit {
  if (typeof headers !== 'object' || headers === null) return headers;
  const Class = classOfHeaders(headers);
  if (Class !== undefined) return new Class(headers);
  if (!isIterable(headers)) return nullAsText({ ...headers });
  return Array.from(headers, (pair: unknown) => (isIterable(pair) ? [...pair] : pair)) as [string, string][];
}

/** As `fetch` sends it. To undici's dispatchers null is no text, but no value: see `withoutUnset`. */
function nullAsText(headers: Record<string, unknown>): Record<string, string> {
  for (const name of Object.keys(headers)) if (headers[name] === null) headers[name] = 'null';
  return headers as Record<string, string>;
}

/** The value of a header, as `fetch` would send it; undefined if it is not there. Takes what `copyHeaders` gives. */
export function findHeader(headers: HeadersInit | undefined, name: string): string | undefined {
  const values: string[] = [];
  if (isIterable(headers)) {
    for (const pair of headers) {
      if (Array.isArray(pair) && isSame(String(pair[0]), name)) values.push(trimmed(pair[1]));
    }
  } else if (typeof headers === 'object' && headers !== null) {
    for (const key of Object.keys(headers)) {
      if (isSame(key, name)) values.push(trimmed(Reflect.get(headers, key)));
    }
  }
  return values.length === 0 ? undefined : values.join(', ');
}

function isSame(name: string, other: string): boolean {
  return name.length === other.length && name.toLowerCase() === other.toLowerCase();
}

function trimmed(value: unknown): string {
  return String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
}

/**
 * The same headers without those of this name that have no value. Callers leave an optional header `undefined`, which
 * is not set, though `fetch` would send the text "undefined"; undici also takes null, and a list, which may be empty.
 */
export function withoutUnset(headers: HeadersInit | undefined, name: string): HeadersInit | undefined {
  if (Array.isArray(headers)) {
    const isUnset = (pair: unknown) =>
      Array.isArray(pair) && pair.length === 2 && pair[1] === undefined && isSame(String(pair[0]), name);
    return headers.some(isUnset) ? headers.filter((pair) => !isUnset(pair)) : headers;
  }
  if (typeof headers !== 'object' || headers === null || isIterable(headers)) return headers;
  const isUnset = (key: string) => hasNoValue(Reflect.get(headers, key)) && isSame(key, name);
  const unset = Object.keys(headers).filter(isUnset);
  if (unset.length === 0) return headers;
  const rest: Record<string, string> = { ...(headers as Record<string, string>) };
  for (const key of unset) delete rest[key];
  return rest;
}

function hasNoValue(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every(hasNoValue));
}

/** The same headers, and one that is not among them. Takes what `copyHeaders` gives, and leaves it as it is. */
export function withHeader(headers: HeadersInit | undefined, name: string, value: string): HeadersInit {
  if (headers === undefined) return { [name]: value };
  if (typeof headers !== 'object' || headers === null) return headers;
  if (!isIterable(headers)) {
    // Assigning `__proto__` makes no member of that name, and on Node 20 what is added after a spread is slow (`npm run bench:tricks`).
    return Object.hasOwn(headers, '__proto__')
      ? { ...(headers as Record<string, string>), [name]: value }
      : Object.assign({}, headers, { [name]: value });
  }
  const Class = classOfHeaders(headers);
  if (Class === Headers) return [...writtenPairs(headers as unknown as Headers), [name, value]];
  if (Class === undefined) return [...(headers as Iterable<[string, string]>), [name, value]];
  const copy = new Class(headers);
  copy.append(name, value);
  return copy;
}

/** The same headers, and those of `more` that are not among them. Takes what `copyHeaders` gives, and leaves it as it is. */
export function withMissing(
  headers: HeadersInit | undefined,
  more: Readonly<Record<string, string>>,
): HeadersInit | undefined {
  let result = headers;
  for (const name of Object.keys(more)) {
    if (findHeader(headers, name) === undefined) result = withHeader(result, name, more[name] ?? '');
  }
  return result;
}

/**
 * The class of Headers that these are of: the runtime's, or another copy's. Only by its class does a `fetch` know in
 * which order, and which case, the names were written; what lists its pairs has forgotten it.
 */
function classOfHeaders(headers: object): typeof Headers | undefined {
  if (Reflect.get(headers, Symbol.toStringTag) !== 'Headers') return undefined;
  // A subclass of somebody's own may want other arguments.
  let prototype = Object.getPrototypeOf(headers);
  while (prototype !== null && !Object.hasOwn(prototype, Symbol.toStringTag)) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype?.constructor;
}

/** A string is one too, but no list of pairs and no pair. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
