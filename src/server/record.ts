interface Head {
  readonly status: number;
  readonly statusText: string;
  readonly headers: [name: string, value: string][];
}

// RFC 9110, section 7.6.1: these headers belong to one connection, not to the response.
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];
const LINE_FEED = 0x0a;

/**
 * Encodes a response for the store: one line of JSON with status and headers, then the body, byte for byte.
 *
 * @param before headers that were set before the handler ran, which belong to this request alone
 */
export function encodeResponse(
  response: Response,
  body: Uint8Array,
  dropped: readonly string[],
  before: Headers = new Headers(),
): Uint8Array {
  const hop = response.headers.get('connection')?.split(',') ?? [];
  const left = new Set([...HOP_BY_HOP, ...hop, ...dropped].map((name) => name.trim().toLowerCase()));
  const { status, statusText } = response;
  const old = before.getSetCookie();
  const isOld = (name: string, value: string) =>
    name === 'set-cookie' ? old.includes(value) : before.get(name) === value;
  const headers = [...response.headers].filter(([name, value]) => !left.has(name) && !isOld(name, value));
  return Buffer.concat([
    Buffer.from(`${JSON.stringify({ status, statusText, headers } satisfies Head)}\n`),
    body,
  ]);
}

/** Decodes a stored response, and marks it as a replay. */
export function decodeResponse(record: Uint8Array): Response {
  const cut = record.indexOf(LINE_FEED);
  const head = JSON.parse(new TextDecoder().decode(record.subarray(0, cut))) as Head;
  const headers = new Headers(head.headers);
  headers.set('idempotency-replayed', 'true');
  const body = record.slice(cut + 1) as Uint8Array<ArrayBuffer>;
  // A 204 must have no body at all, not even an empty one.
  return new Response(body.length === 0 ? null : body, { ...head, headers });
}
