import type { FetchInit } from '../model/options.ts';
import { writtenPairs } from './written-headers.ts';

/** Tells one header, its values joined by commas; null if it did not come. */
export type HeaderReader = Pick<Headers, 'get'>;

type HeadersInit = NonNullable<FetchInit['headers']>;

/**
 * A copy of the headers that can be read for each attempt. The caller may change the original meanwhile, and a generator gives
 * its pairs only once. Invalid headers are returned unchanged, so that `fetch` refuses them with its own error.
 */
export function copyHeaders(headers: HeadersInit): HeadersInit {
  if (typeof headers !== 'object' || headers === null) return headers;
  const Class = classOfHeaders(headers);
  if (Class !== undefined) return new Class(headers);
  if (!isIterable(headers)) return nullAsText({ ...headers });
  return Array.from(headers, (pair: unknown) => (isIterable(pair) ? [...pair] : pair)) as [string, string][];
}

/** Replaces null by the text that `fetch` sends. undici's dispatchers treat null as no value: see `withoutUnset`. */
function nullAsText(headers: Record<string, unknown>): Record<string, string> {
  for (const name of Object.keys(headers)) if (headers[name] === null) headers[name] = 'null';
  return headers as Record<string, string>;
}

/** The value of a header as `fetch` would send it; undefined if the header is absent. Takes the result of `copyHeaders`. */
export function findHeader(headers: HeadersInit | undefined, name: string): string | undefined {
  let found: string | undefined;
  if (isIterable(headers)) {
    for (const pair of headers) {
      if (Array.isArray(pair) && isSame(String(pair[0]), name)) found = joined(found, pair[1]);
    }
  } else if (typeof headers === 'object' && headers !== null) {
    for (const key of Object.keys(headers)) {
      if (isSame(key, name)) found = joined(found, Reflect.get(headers, key));
    }
  }
  return found;
}

function joined(before: string | undefined, value: unknown): string {
  return before === undefined ? trimmed(value) : `${before}, ${trimmed(value)}`;
}

function isSame(name: string, other: string): boolean {
  return name.length === other.length && name.toLowerCase() === other.toLowerCase();
}

function trimmed(value: unknown): string {
  return String(value).replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
}

/**
 * The headers without those of this name that have no value. Callers set an optional header to `undefined` and mean "not set",
 * although `fetch` would send the text "undefined". undici also takes null, and a list, which may be empty.
 */
export function withoutUnset(headers: HeadersInit | undefined, name: string): HeadersInit | undefined {
  if (Array.isArray(headers)) {
    const isUnset = (pair: unknown) =>
      Array.isArray(pair) && pair.length === 2 && pair[1] === undefined && isSame(String(pair[0]), name);
    return headers.some(isUnset) ? headers.filter((pair) => !isUnset(pair)) : headers;
  }
  if (typeof headers !== 'object' || headers === null || isIterable(headers)) return headers;
  const isUnset = (key: string) => hasNoValue(Reflect.get(headers, key)) && isSame(key, name);
  const names = Object.keys(headers);
  if (!names.some(isUnset)) return headers;
  const rest: Record<string, string> = { ...(headers as Record<string, string>) };
  for (const key of names.filter(isUnset)) delete rest[key];
  return rest;
}

function hasNoValue(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.every(hasNoValue));
}

/** The headers and a new one, which must not be among them. Takes the result of `copyHeaders`, and does not change it. */
export function withHeader(headers: HeadersInit | undefined, name: string, value: string): HeadersInit {
  if (headers === undefined) return { [name]: value };
  if (typeof headers !== 'object' || headers === null) return headers;
  if (!isIterable(headers)) {
    // Assigning `__proto__` adds no member. And on Node 20 an object is slow if members follow a spread (`npm run bench:tricks`).
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

/** The headers, and those of `more` that are not among them. Takes the result of `copyHeaders`, and does not change it. */
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
 * The class of these Headers: the runtime's, or that of another copy of undici; undefined for anything else. A `fetch` sends
 * names in their written order and case only for Headers of its own class. A list of the pairs has lost both.
 */
function classOfHeaders(headers: object): typeof Headers | undefined {
  if (Reflect.get(headers, Symbol.toStringTag) !== 'Headers') return undefined;
  // Skips subclasses of the user's, because their constructors may take other arguments.
  let prototype = Object.getPrototypeOf(headers);
  while (prototype !== null && !Object.hasOwn(prototype, Symbol.toStringTag)) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype?.constructor;
}

/** Not for strings: they are iterable, but neither a list of pairs nor a pair. */
function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
