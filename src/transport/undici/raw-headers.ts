import type { HeaderRecord, RawHeaders } from './handlers.ts';

/** Every header that came, in order, names in lower case. Bytes are read as Latin-1. So does `fetch`. */
export function entriesOf(headers: RawHeaders): [name: string, value: string][] {
  const entries: [string, string][] = [];
  if (isList(headers)) {
    for (let i = 0; i + 1 < headers.length; i += 2) {
      const name = text(headers[i]).toLowerCase();
      // A mock may give several values in one.
      for (const value of [headers[i + 1]].flat()) entries.push([name, text(value)]);
    }
    return entries;
  }
  for (const name of Object.keys(headers)) {
    for (const value of [headers[name] ?? []].flat()) entries.push([name.toLowerCase(), String(value)]);
  }
  return entries;
}

/** One header, its values joined; undefined if it did not come. @param name in lower case */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  if (!isList(headers)) {
    const value = headers[name];
    return value === undefined ? undefined : [value].flat().join(', ');
  }
  let found: string | undefined;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    // Lengths first: to make a string of each name would cost more than all the rest.
    if (headers[i]?.length !== name.length || text(headers[i]).toLowerCase() !== name) continue;
    const value = [headers[i + 1]].flat().map(text).join(', ');
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** For a handler that wants them by name. */
export function recordOf(headers: RawHeaders): HeaderRecord {
  if (!isList(headers)) return headers;
  const record: HeaderRecord = {};
  for (const [name, value] of entriesOf(headers)) {
    const before = Object.hasOwn(record, name) ? record[name] : undefined;
    record[name] = before === undefined ? value : [before, value].flat();
  }
  return record;
}

/** For a handler that wants names and values in turn. */
export function listOf(headers: RawHeaders): Buffer[] {
  if (isList(headers)) return headers as Buffer[];
  return entriesOf(headers).flatMap((entry) => entry.map((part) => Buffer.from(part, 'latin1')));
}

function isList(headers: RawHeaders): headers is readonly Buffer[] {
  return Array.isArray(headers);
}

function text(bytes: Buffer | string | undefined): string {
  return typeof bytes === 'string' ? bytes : (bytes?.toString('latin1') ?? '');
}
