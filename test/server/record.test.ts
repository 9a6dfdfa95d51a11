import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeResponse, encodeResponse } from '../../src/server/record.ts';

const replay = (response: Response, body: Uint8Array, dropped: readonly string[] = []) =>
  decodeResponse(encodeResponse(response, body, dropped));

test('status, headers and bytes come back as they were', async () => {
  const status = fc.integer({ min: 200, max: 599 }).filter((code) => ![204, 205, 304].includes(code));
  // A header's value is any Latin-1 but control characters, without white space around it.
  const value = fc
    .string({
      unit: fc
        .integer({ min: 0x20, max: 0xff })
        .map((code) => String.fromCharCode(code === 0x7f ? 0x7e : code)),
    })
    .map((text) => text.trim());
  await fc.assert(
    fc.asyncProperty(status, value, fc.uint8Array({ maxLength: 300 }), async (code, header, body) => {
      const again = replay(new Response(null, { status: code, headers: { 'x-header': header } }), body);
      expect(again.status).toBe(code);
      expect(again.headers.get('x-header')).toBe(header);
      expect(new Uint8Array(await again.arrayBuffer())).toEqual(body);
    }),
  );
});

test('a 204 has no body, not even an empty one', () => {
  const again = replay(new Response(null, { status: 204, statusText: 'Nothing' }), new Uint8Array(0));
  expect([again.status, again.statusText, again.body]).toEqual([204, 'Nothing', null]);
});

test('cookies come back one by one, where they are kept', () => {
  const headers = new Headers([
    ['set-cookie', 'a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
    ['set-cookie', 'b=2'],
  ]);
  const response = new Response(null, { headers });
  expect(replay(response, new Uint8Array(0)).headers.getSetCookie()).toEqual(headers.getSetCookie());
  expect(replay(response, new Uint8Array(0), ['Set-Cookie']).headers.getSetCookie()).toEqual([]);
});

test('hop-by-hop headers stay behind, and those that Connection names', () => {
  const response = new Response(null, {
    headers: {
      connection: 'close, X-Hop',
      'keep-alive': 'timeout=5',
      'transfer-encoding': 'chunked',
      'x-hop': '1',
      'x-end': '2',
    },
  });
  expect([...replay(response, new Uint8Array(0)).headers.keys()]).toEqual(['idempotency-replayed', 'x-end']);
});
