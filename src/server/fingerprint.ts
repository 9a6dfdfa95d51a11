import { createHash } from 'node:crypto';

/** What makes two requests the same: `'bytes'` of the body, or `'json'`, where white space and key order don't count. */
export type FingerprintKind = 'bytes' | 'json';

/** SHA-256 of method, path and body, in base64url. Neither method nor path can hold the line feed between them. */
export function fingerprintOf(method: string, path: string, body: Uint8Array, kind: FingerprintKind): string {
  return createHash('sha256')
    .update(`${method}\n${path}\n`)
    .update(kind === 'json' ? canonicalBytes(body) : body)
    .digest('base64url');
}

/**
 * JSON with the keys of every object in one order and no white space. Numbers count as JavaScript reads them: integers
 * beyond 2^53 that differ in the last digit are the same to it.
 */
export function canonicalJson(value: unknown): string {
  const ordered = (_: string, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return JSON.stringify(value, ordered) ?? '';
}

function canonicalBytes(body: Uint8Array): Uint8Array | string {
  try {
    return canonicalJson(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
  } catch {
    return body; // not JSON, or nested too deep to walk: the bytes themselves
  }
}
