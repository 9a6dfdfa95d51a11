import { Readable } from 'node:stream';
import { getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { guarded, quick } from './support.ts';

const unavailable: Fault = { kind: 'answer', status: 503 };
const lostAnswer: Fault = { kind: 'cut', at: 'booked', how: 'reset' };

const usual = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(usual));

/** The runtime's own `fetch`, through the interceptor. */
function install(options = {}): string[] {
  const { guard, dispatcher } = guarded({ ...quick, ...options });
  const stopped: string[] = [];
  guard.on('settled', (report) => stopped.push(report.stopped));
  setGlobalDispatcher(dispatcher);
  return stopped;
}

function form(): FormData {
  const data = new FormData();
  data.set('order', '7');
  data.set('file', new Blob(['content'], { type: 'text/plain' }), 'a.txt');
  return data;
}

const large = 'x'.repeat(64 * 1024 + 1);

describe("the runtime's own fetch, with the interceptor as its global dispatcher", () => {
  test.each<[string, () => RequestInit['body']]>([
    ['a string', () => '{"a":"ä"}'],
    ['bytes', () => Buffer.from('text')],
    ['a Blob', () => new Blob(['text'], { type: 'text/plain' })],
    ['parameters', () => new URLSearchParams({ a: '1 2' })],
    ['a form', form],
    ['nothing', () => ''],
  ])('sends %s again, the same bytes under the same key', async (_kind, make) => {
    await using server = await startFaultServer({ faults: [unavailable, lostAnswer] });
    const stopped = install();
    const response = await fetch(server.url, { method: 'POST', body: make() ?? null });
    await response.text();
    expect([response.status, stopped]).toEqual([201, ['success']]);
    const [first, ...others] = server.requests.map(({ sha256, headers }) => ({
      sha256,
      type: headers['content-type'],
      length: headers['content-length'],
      key: headers['idempotency-key'],
    }));
    expect(first?.key).toHaveLength(36);
    expect(others).toEqual([first, first]);
  });

  test('sends 64 KiB again, and one byte more only if it may', async () => {
    const bodies = [large.slice(1), large];
    for (const [body, options, hits] of [
      [bodies[0], {}, 2],
      [bodies[1], {}, 1],
      [bodies[1], { replay: 64 * 1024 + 1 }, 2],
      [bodies[0], { replay: false }, 1],
      [bodies[0], { replay: 0 }, 1],
    ] as const) {
      await using server = await startFaultServer({ faults: [unavailable] });
      const stopped = install(options);
      const response = await fetch(server.url, { method: 'POST', body: body ?? '' });
      await response.text();
      expect(server.requests.map(({ body: { byteLength } }) => byteLength)).toEqual(
        Array(hits).fill(body?.length),
      );
      expect(stopped).toEqual([hits === 2 ? 'success' : 'body']);
    }
  });

  test('sends a stream of unknown length once, piece by piece', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const stopped = install();
    const init = { method: 'POST', body: new Blob(['text']).stream(), duplex: 'half' };
    const response = await fetch(server.url, init as RequestInit);
    expect([response.status, stopped]).toEqual([503, ['body']]);
    expect(server.requests.map(({ body }) => body.toString())).toEqual(['text']);
  });
});

describe('a stream through undici.request whose length is known', () => {
  test('goes again', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    install();
    const options = { method: 'POST', body: Readable.from(['te', 'xt']), headers: { 'Content-Length': '4' } };
    const { statusCode, body } = await request(server.url, options as never);
    await body.dump();
    expect(statusCode).toBe(201);
    expect(server.requests.map(({ body: sent }) => sent.toString())).toEqual(['text', 'text']);
  });

  async function* endless() {
    for (;;) yield 'more';
  }

  // As behind a parser that has read the body of a request which is passed on.
  test.each([
    ['somebody has read it before', async () => read(Readable.from(['text']))],
    ['it has no end', async () => Readable.from(endless())],
  ])('is refused if %s, and nothing is sent', async (_how, make) => {
    await using server = await startFaultServer();
    const stopped = install();
    const body = await make();
    const options = { method: 'POST', body, headers: { 'content-length': '4' } };
    const error = await errorOf(request(server.url, options as never));
    expect(error).toMatchObject({ code: 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' });
    expect([stopped, server.requestsBegun, body.destroyed]).toEqual([['body'], 0, true]);
  });

  async function read(stream: Readable): Promise<Readable> {
    for await (const _chunk of stream);
    return stream;
  }

  test('fails with its own error if it breaks, and nothing is sent', async () => {
    await using server = await startFaultServer();
    const stopped = install();
    const reason = new Error('the file is gone');
    async function* broken() {
      yield 'te';
      throw reason;
    }
    const options = { method: 'POST', body: Readable.from(broken()), headers: { 'content-length': '4' } };
    expect(await errorOf(request(server.url, options as never))).toBe(reason);
    expect([stopped, server.requestsBegun]).toEqual([['body'], 0]);
  });
});

test.each([-1, 1.5, '64k', true, null])('replay: %s is refused', (replay) => {
  expect(() => guarded({ replay } as never)).toThrow(/replay must be a number of bytes, or false, got/);
});
