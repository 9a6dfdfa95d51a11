import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

type Value = OutgoingHttpHeaders[string];

/** A copy of the headers that are set on a response now. */
export function headersOf(present: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const copies = Object.entries(present).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.slice() : value,
  ]);
  return Object.fromEntries(copies);
}

/** The headers that the handler set. Headers that were set before belong to this request alone. */
export function headersAdded(res: ServerResponse, before: OutgoingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(res.getHeaders())) {
    if (value === undefined || String(value) === String(before[name])) continue;
    const old = valuesOf(before[name]);
    // Cookies of other middleware are left out, even if the handler added its own to the same header.
    const added = Array.isArray(value) ? value.filter((part) => !old.includes(part)) : [`${value}`];
    for (const part of added) headers.append(name, part);
  }
  return headers;
}

const valuesOf = (value: Value): readonly string[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [`${value}`];

/**
 * Sets the headers of a `writeHead` call: an object, a flat array of names and values, or an array of pairs. In an array a name
 * may occur several times, and each of its values counts.
 */
export function setHeaders(res: ServerResponse, headers: object): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) res.setHeader(name, value);
    return;
  }
  const pairs: [name: string, value: string | string[]][] = Array.isArray(headers[0])
    ? headers
    : Array.from({ length: headers.length / 2 }, (_, n) => [headers[2 * n], headers[2 * n + 1]]);
  for (const [name] of pairs) res.removeHeader(name);
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const all = values.get(key) ?? [];
    values.set(key, all.concat(Array.isArray(value) ? value : `${value}`));
  }
  for (const [name, all] of values) {
    const [only] = all;
    res.setHeader(name, all.length === 1 && only !== undefined ? only : all);
  }
}

/** Restores the headers that a response had before. */
export function resetHeaders(res: ServerResponse, before: OutgoingHttpHeaders): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  for (const [name, value] of Object.entries(before)) if (value !== undefined) res.setHeader(name, value);
}
