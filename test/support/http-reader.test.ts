import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpReader, type ReaderEvent } from './http-reader.ts';

function read(...pieces: readonly (string | Buffer)[]): ReaderEvent[] {
  const reader = new HttpReader(1024);
  const events: ReaderEvent[] = [];
  for (const piece of pieces) {
    reader.feed(Buffer.from(piece));
    for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event);
  }
  return events;
}

const bodies = (events: readonly ReaderEvent[]) =>
  events.flatMap((event) => (event.type === 'end' ? [event.body.body.toString()] : []));

const malformed = (text: string) => read(text).at(-1)?.type === 'malformed';

describe('HttpReader', () => {
  const stream = Buffer.from(
    'GET /a?b=c HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nx-twice:2\r\n\r\n' +
      'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nhello' +
      'PUT /c HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n' +
      'DELETE / HTTP/1.1\r\n\r\n',
  );

  it('reads the head, with names in lower case and repeated headers joined', () => {
    expect(read(stream)[1]).toEqual({
      type: 'head',
      head: {
        method: 'GET',
        path: '/a?b=c',
        version: '1.1',
        headers: { host: 'x', 'x-twice': '1, 2' },
      },
    });
  });

  it('reads pipelined requests with bodies counted and chunked', () => {
    expect(bodies(read(stream))).toEqual(['', 'hello', 'abc0123456789', '']);
  });

  it('reads the same whatever pieces the bytes arrive in', () => {
    const whole = read(stream);
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), stream.length];
        const pieces = edges.slice(1).map((edge, index) => stream.subarray(edges[index], edge));
        expect(read(...pieces)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('tells that a request began at its first byte, and nothing before the head is complete', () => {
    expect(read('G')).toEqual([{ type: 'begin' }]);
    expect(read('GET / HTTP/1.1\r\nhost: x\r\n').map(({ type }) => type)).toEqual(['begin']);
    expect(read('POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nx').map(({ type }) => type)).toEqual([
      'begin',
      'head',
    ]);
  });

  it('knows length and hash of a body that it does not keep', () => {
    const big = 'y'.repeat(5000);
    const body = read(`POST / HTTP/1.1\r\ncontent-length: ${big.length}\r\n\r\n${big}`)
      .map((event) => (event.type === 'end' ? event.body : undefined))
      .at(-1);
    expect(body?.body.toString()).toBe(big.slice(0, 1024));
    expect(body?.bodyLength).toBe(5000);
    expect(body?.sha256).toBe(createHash('sha256').update(big).digest('hex'));
  });

  it.each([
    'nonsense\r\n\r\n',
    'GET / HTTP/2.0\r\n\r\n',
    'GET / HTTP/1.1\r\nno colon\r\n\r\n',
    'GET / HTTP/1.1\r\nspace : x\r\n\r\n',
    'POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n',
    'POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
    'POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
    'POST / HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\n',
    'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n',
    'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n',
    `GET / HTTP/1.1\r\nlong: ${'x'.repeat(70_000)}`,
  ])('refuses %j, and reads nothing after it', (text) => {
    expect(malformed(text)).toBe(true);
    expect(read(text, 'GET / HTTP/1.1\r\n\r\n').at(-1)?.type).toBe('malformed');
  });
});
