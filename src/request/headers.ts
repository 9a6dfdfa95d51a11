import type { FetchInit } from '../policy/options.ts';

type HeadersInit = NonNullable<FetchInit['headers']>;
type Pair = readonly [string, string];

/** The value of a header, whatever form the headers were given in; undefined if it is not there. */
export function findHeader(headers: HeadersInit | undefined, name: string): string | undefined {
  if (headers === undefined) return undefined;
  const wanted = name.toLowerCase();
  for (const [key, value] of pairs(headers)) {
    if (String(key).toLowerCase() === wanted) return String(value);
  }
  return undefined;
}

/** The same headers and one more. The caller's own object stays as it is. */
export function withHeader(headers: HeadersInit | undefined, name: string, value: string): HeadersInit {
  return [...(headers === undefined ? [] : pairs(headers)), [name, value]] as [string, string][];
}

function pairs(headers: HeadersInit): Iterable<Pair> {
  if (Symbol.iterator in headers) return headers as Iterable<Pair>;
  return Object.entries(headers) as Iterable<Pair>;
}
