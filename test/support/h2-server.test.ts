import { once } from 'node:events';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { text } from 'node:stream/consumers';
import { Agent, fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type H2Server, startH2Server } from './h2-server.ts';
import { expired, localhost } from './tls.ts';

let server: H2Server;
let session: ClientHttp2Session;
let goaways: number[][];

beforeEach(async () => {
  server = await startH2Server();
  goaways = [];
  session = connect(server.url, { ca: localhost.cert });
  session.on('error', () => {});
  session.on('goaway', (code, last) => goaways.push([code, last]));
  await once(session, 'connect');
});

afterEach(async () => {
  session.destroy();
  await server.close();
});

function post(path = '/a'): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': path });
  stream.on('error', () => {});
  return stream.end('pay 5');
}

/** The stream's RST_STREAM code: 0 for a proper end. */
async function outcome(stream: ClientHttp2Stream): Promise<number | undefined> {
  stream.resume();
  await once(stream, 'close').catch(() => {});
  return stream.rstCode;
}

const until = (probe: () => unknown) => expect.poll(probe, { interval: 5, timeout: 2_000 });

describe('the HTTP/2 server', () => {
  it('answers, and records what was asked', async () => {
    const stream = post('/charges');
    const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    expect(headers[':status']).toBe(200);
    expect(await text(stream)).toBe('{"ok":true,"path":"/charges"}');
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/charges', body: Buffer.from('pay 5'), version: '2.0', connection: 1 },
    ]);
  });

  it('refuses a stream, and does not count it as a request', async () => {
    server.next({ kind: 'refuse-stream' });
    expect(await outcome(post())).toBe(constants.NGHTTP2_REFUSED_STREAM);
    expect([server.refused, server.requests.length]).toEqual([1, 0]);
    expect(await outcome(post())).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('resets a stream that it has read', async () => {
    server.next({ kind: 'reset-stream', code: constants.NGHTTP2_INTERNAL_ERROR });
    expect(await outcome(post())).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    expect([server.refused, server.requests.length]).toEqual([0, 1]);
  });

  it('says GOAWAY with a last stream before this one, which is not processed', async () => {
    server.next({ kind: 'ok' }, { kind: 'goaway', processed: false });
    await outcome(post());
    expect(await outcome(post())).toBe(constants.NGHTTP2_REFUSED_STREAM);
    expect(goaways[0]).toEqual([0, 1]);
    expect([server.refused, server.requests.length]).toEqual([1, 1]);
    await until(() => server.openSockets).toBe(0);
  });

  it('says GOAWAY with this stream as the last, and answers it', async () => {
    server.next({ kind: 'goaway', processed: true });
    expect(await outcome(post())).toBe(constants.NGHTTP2_NO_ERROR);
    expect(goaways[0]).toEqual([0, 1]);
    expect([server.refused, server.requests.length]).toEqual([0, 1]);
    await until(() => server.openSockets).toBe(0);
  });

  it.each([
    ['request', false, ''],
    ['headers', true, ''],
    ['body', true, '{"ok":true,'],
  ] as const)('drops the connection at the %s, without a word', async (at, answered, body) => {
    server.next({ kind: 'drop', at });
    const stream = post();
    let headers = false;
    let received = '';
    stream.on('response', () => {
      headers = true;
    });
    stream.on('data', (bytes: Buffer) => {
      received += bytes.toString();
    });
    await outcome(stream);
    expect([headers, received, goaways]).toEqual([answered, body, []]);
    expect(server.requests).toHaveLength(1);
    await until(() => server.openSockets).toBe(0);
  });

  it('stalls a stream and still answers the next', async () => {
    server.next({ kind: 'stall' });
    const stalled = post('/slow');
    await until(() => server.requests.length).toBe(1);
    expect(await outcome(post())).toBe(constants.NGHTTP2_NO_ERROR);
    expect(stalled.closed).toBe(false);
  });

  it('records nothing of a request whose client left in the middle', async () => {
    const stream = session.request({ ':method': 'POST' });
    stream.on('error', () => {});
    stream.write('half');
    await new Promise((resolve) => session.ping(resolve));
    session.destroy();
    await until(() => server.openSockets).toBe(0);
    expect(server.requests).toEqual([]);
  });

  it('speaks HTTP/1.1 to a client that knows no other', async () => {
    const dispatcher = new Agent({ allowH2: false, connect: { ca: localhost.cert } });
    const response = await fetch(`${server.url}/one`, { dispatcher });
    expect(await response.json()).toEqual({ ok: true, path: '/one' });
    expect(server.requests).toMatchObject([{ method: 'GET', version: '1.1', connection: 2 }]);
    await dispatcher.destroy();
  });

  it('speaks HTTP/2 with undici', async () => {
    const dispatcher = new Agent({ allowH2: true, connect: { ca: localhost.cert } });
    expect((await fetch(server.url, { dispatcher })).status).toBe(200);
    expect(server.requests).toMatchObject([{ version: '2.0', connection: 2 }]);
    await dispatcher.destroy();
  });
});

describe('the certificates', () => {
  const failure = async (url: string, ca: string | undefined) => {
    const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca } });
    const error = await fetch(url, { dispatcher }).catch((reason: Error) => reason.cause);
    await dispatcher.destroy();
    return error;
  };

  it('is not trusted unless the client is told to', async () => {
    expect(await failure(server.url, undefined)).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(server.requests).toEqual([]);
  });

  it('can be expired', async () => {
    await using old = await startH2Server({ certificate: expired });
    expect(await failure(old.url, expired.cert)).toMatchObject({ code: 'CERT_HAS_EXPIRED' });
    expect([old.connections, old.requests.length]).toEqual([1, 0]);
  });
});
