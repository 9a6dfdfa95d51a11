import { createHash, type Hash } from 'node:crypto';

/** How two payloads are compared: by the `'bytes'` of the body, or by its `'json'`, which ignores white space and key order. */
export type FingerprintKind = 'bytes' | 'json';

/**
 * SHA-256 of method, path and body, in base64url. The separator is a line feed, which neither method nor path can contain. The
 * boundary of a multipart body is left out, because a client that sends a form again makes a new boundary.
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

/** The boundary parameter, quoted or bare (RFC 2046, section 5.1.1); undefined: the body is not multipart. */
function boundaryOf(contentType: string | null | undefined): string | undefined {
  if (contentType == null || !/^\s*multipart\//i.test(contentType)) return undefined;
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  return quoted ?? bare;
}

/** Hashes the parts, which are the bytes between the delimiters: no part can contain the delimiter. */
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
 * JSON with sorted keys in every object and without white space. Numbers are read as JavaScript numbers, so integers beyond 2^53
 * that differ only in the last digit count as equal.
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
