import { createHash, type Hash } from 'node:crypto';

/** What makes two requests the same: `'bytes'` of the body, or `'json'`, where white space and key order don't count. */
export type FingerprintKind = 'bytes' | 'json';

/**
 * SHA-256 of method, path and body, in base64url. Neither method nor path can hold the line feed between them. Of a
 * multipart body the boundary does not count: whoever sends a form again draws another one.
 */
export function fingerprintOf(
  method: string,
  path: string,
  body: Uint8Array,
  kind: FingerprintKind,
  contentType?: string | null,
): string {
  const hash = createHash('sha256').update(`${method}\n${path}\n`);
  const boundary = boundaryOf(contentType);
  if (boundary !== undefined) updateParts(hash, body, boundary);
  else hash.update(kind === 'json' ? canonicalBytes(body) : body);
  return hash.digest('base64url');
}

/** RFC 2046, section 5.1.1: a parameter, in quotes or bare. */
function boundaryOf(contentType: string | null | undefined): string | undefined {
  if (contentType == null || !/^\s*multipart\//i.test(contentType)) return undefined;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  return quoted ?? bare;
}

/** No part can hold the delimiter, so the parts are what stands between. */
function updateParts(hash: Hash, body: Uint8Array, boundary: string): void {
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
  let from = 0;
  for (let at = bytes.indexOf(delimiter); at !== -1; at = bytes.indexOf(delimiter, from)) {
    hash.update(bytes.subarray(from, at)).update('--');
    from = at + delimiter.length;
  }
  hash.update(bytes.subarray(from));
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
