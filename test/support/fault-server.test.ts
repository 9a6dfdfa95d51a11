import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Agent, fetch } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultServer, type FaultServerOptions, startFaultServer } from './fault-server.ts';
import { type End, everyFault, type Fault, isEarly } from './faults.ts';
import type { FaultLine } from './script.ts';

/** A client that shows the raw bytes that it receives. */
class RawClient {
  readonly socket: Socket;
  /** How the server ended the connection. */
  readonly ended: Promise<End>;
  received = '';

  constructor(url: string) {
    this.socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.received += text;
    });
    this.ended = new Promise((resolve) => {
      this.socket.once('end', () => resolve('close'));
      this.socket.once('error', () => resolve('reset'));
    });
  }

  async until(length: number): Promise<string> {
    while (this.received.length < length) await new Promise((resolve) => this.socket.once('data', resolve));
    return this.received;
  }
}

const BODY = 'pay 5';
const post = (headers = '', body = BODY) =>
  `POST /charges HTTP/1.1\r\nhost: x\r\nx-order: 7\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
const GET = 'GET /item HTTP/1.1\r\nhost: x\r\n\r\n';
const JSON_HEAD = 'content-type: application/json\r\n';
const BOOKED = '{"ok":true,"booking":1}';
const CREATED = `HTTP/1.1 201 Created\r\n${JSON_HEAD}content-length: 23\r\n\r\n${BOOKED}`;
const CHUNKED = `HTTP/1.1 201 Created\r\n${JSON_HEAD}transfer-encoding: chunked\r\n\r\n`;
const FOUND = `HTTP/1.1 200 OK\r\n${JSON_HEAD}content-length: 26\r\n\r\n{"ok":true,"path":"/item"}`;

let servers: FaultServer[] = [];
let clients: RawClient[] = [];
let agent: Agent;

beforeEach(() => {
  agent = new Agent({ connections: 1 });
});

afterEach(async () => {
  await agent.destroy();
  for (const { socket } of clients) socket.destroy();
  await Promise.all(servers.map((server) => server.close()));
  servers = [];
  clients = [];
});

async function start(options?: FaultServerOptions): Promise<FaultServer> {
  const server = await startFaultServer(options);
  servers.push(server);
  return server;
}

function open(server: FaultServer, text = ''): RawClient {
  const client = new RawClient(server.url);
  clients.push(client);
  client.socket.write(text);
  return client;
}

/** Makes one exchange on a connection of its own. Afterwards the server has done all that it had to do before. */
async function roundTrip(server: FaultServer): Promise<void> {
  const client = open(server, 'GET / HTTP/1.1\r\nconnection: close\r\n\r\n');
  expect(await client.ended).toBe('close');
}

const until = (probe: () => unknown) => expect.poll(probe, { interval: 5, timeout: 2_000 });
const ends: readonly End[] = ['close', 'reset', 'stall'];

/** Expects that the server ended the connection in this way, and sent exactly these bytes. */
async function expectEnd(server: FaultServer, client: RawClient, how: End, received: string): Promise<void> {
  if (how === 'stall') {
    await client.until(received.length);
    await roundTrip(server);
    await until(() => server.openSockets).toBe(1);
    client.socket.destroy();
    await until(() => server.openSockets).toBe(0);
  } else {
    expect(await client.ended).toBe(how);
  }
  expect(client.received).toBe(received);
}

describe('without a fault', () => {
  it('books an unsafe request and answers 201, byte for byte', async () => {
    const server = await start();
    expect(await open(server, post()).until(CREATED.length)).toBe(CREATED);
    expect(server.effects('7')).toBe(1);
    expect(server.effects('8')).toBe(0);
    expect(server.bookings).toMatchObject([{ number: 1, id: '7', key: undefined }]);
  });

  it('answers GET without an effect, and HEAD with the same headers and no body', async () => {
    const server = await start();
    expect(await open(server, GET).until(FOUND.length)).toBe(FOUND);
    const head = open(server, GET.replace('GET', 'HEAD').replace('host', 'connection: close\r\nhost'));
    await head.ended;
    expect(head.received).toBe(FOUND.slice(0, FOUND.indexOf('\r\n\r\n') + 4));
    expect(server.bookings).toEqual([]);
  });

  it('records what was asked', async () => {
    const server = await start();
    await open(server, post('Idempotency-Key: k\r\n')).until(CREATED.length);
    expect(server.requests).toMatchObject([
      {
        method: 'POST',
        path: '/charges',
        headers: { host: 'x', 'idempotency-key': 'k' },
        body: Buffer.from(BODY),
        bodyLength: 5,
        sha256: createHash('sha256').update(BODY).digest('hex'),
        key: 'k',
        order: '7',
        id: '7',
        attempt: 1,
        connection: 1,
        fault: { kind: 'ok' },
      },
    ]);
    expect(server.requests[0]?.at).toBeGreaterThan(Date.now() - 5_000);
    expect(server.bytesReceived).toBe(post('Idempotency-Key: k\r\n').length);
  });

  it('counts an effect under the body where there is no order', async () => {
    const server = await start();
    await fetch(server.url, { method: 'POST', body: 'one', dispatcher: agent });
    await fetch(server.url, { method: 'POST', body: 'one', dispatcher: agent });
    expect(server.effects('one')).toBe(2);
  });

  it('counts a repeated PUT or DELETE as one effect', async () => {
    const server = await start();
    for (const method of ['PUT', 'PUT', 'DELETE', 'DELETE']) {
      const headers = { 'x-order': method };
      const response = await fetch(server.url, { method, headers, dispatcher: agent });
      expect(response.status).toBe(201);
    }
    expect([server.effects('PUT'), server.effects('DELETE')]).toEqual([1, 1]);
  });

  it('keeps a connection, and closes it when one side says so', async () => {
    const server = await start();
    for (let index = 0; index < 3; index++) {
      await (await fetch(server.url, { dispatcher: agent })).text();
    }
    expect(server.connections).toBe(1);
    expect(server.requests.map(({ connection }) => connection)).toEqual([1, 1, 1]);
    expect(await open(server, 'GET / HTTP/1.0\r\n\r\n').ended).toBe('close');
    expect(await open(server, post('connection: close\r\n')).ended).toBe('close');
    server.next({ kind: 'answer', status: 503, headers: { Connection: 'close' } });
    expect(await open(server, post()).ended).toBe('close');
  });

  it('answers pipelined requests in order', async () => {
    const server = await start({ faults: [{ kind: 'slow', at: 'request', ms: 5 }] });
    expect(await open(server, post() + GET).until((CREATED + FOUND).length)).toBe(CREATED + FOUND);
  });

  it.each([
    ['counted', {}],
    ['chunked', { duplex: 'half' as const }],
  ])('takes an upload of 1 MiB, %s', async (kind, init) => {
    const server = await start({ keepBody: 1024 });
    const bytes = Buffer.alloc(2 ** 20, 'abcdefg');
    const body = kind === 'counted' ? bytes : new Blob([bytes]).stream();
    const response = await fetch(server.url, { method: 'POST', body, ...init, dispatcher: agent });
    expect(response.status).toBe(201);
    const [request] = server.requests;
    expect(request?.bodyLength).toBe(2 ** 20);
    expect(request?.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect(request?.body).toHaveLength(1024);
    expect(request?.headers['transfer-encoding']).toBe(kind === 'chunked' ? 'chunked' : undefined);
  });

  it('answers 400 to what it cannot read, and says why', async () => {
    const server = await start();
    const client = open(server, 'what?\r\n\r\n');
    expect(await client.ended).toBe('close');
    expect(client.received).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
    expect(server.malformed).toEqual(['request line what?']);
    expect(server.requests).toEqual([]);
  });
});

describe('a cut', () => {
  it.each(ends)('at accept (%s) reads not a byte', async (how) => {
    const server = await start({ faults: [{ kind: 'cut', at: 'accept', how }] });
    const client = open(server, post());
    await expectEnd(server, client, how, '');
    const others = how === 'stall' ? 1 : 0;
    expect(server.requestsBegun).toBe(others);
    expect(server.requests).toHaveLength(others);
    if (others === 0) expect(server.bytesReceived).toBe(0);
    expect(server.effects('7')).toBe(0);
  });

  it('at accept strikes a reused connection at the first byte', async () => {
    const server = await start();
    const client = open(server, GET);
    await client.until(FOUND.length);
    server.next({ kind: 'cut', at: 'accept', how: 'reset' });
    client.socket.write(post());
    expect(await client.ended).toBe('reset');
    expect(server.requestsBegun).toBe(2);
    expect(server.requests).toHaveLength(1);
  });

  it.each(ends)('at the first byte (%s) waits for that byte, and records no request', async (how) => {
    const server = await start({ faults: [{ kind: 'cut', at: 'first-byte', how }] });
    const client = open(server);
    await until(() => server.connections).toBe(1);
    expect(server.openSockets).toBe(1);
    client.socket.write(post());
    await expectEnd(server, client, how, '');
    expect(server.requests.filter(({ order }) => order === '7')).toEqual([]);
    expect(server.requestsBegun).toBeGreaterThan(0);
    expect(server.bytesReceived).toBeGreaterThan(0);
  });

  it.each(ends)('at the head (%s) does not wait for the body', async (how) => {
    const server = await start({ faults: [{ kind: 'cut', at: 'head', how }] });
    const client = open(server, post().slice(0, -BODY.length));
    await expectEnd(server, client, how, '');
    expect(server.requests.filter(({ order }) => order === '7')).toEqual([]);
    expect(server.requestsBegun).toBeGreaterThan(0);
  });

  const framings = [undefined, 'chunked'] as const;
  const answerCuts = framings.flatMap((framing) =>
    ends.flatMap((how): [Fault, string][] => {
      const rest = framing === undefined ? { how } : { how, framing };
      const head = framing === undefined ? CREATED.slice(0, -BOOKED.length) : CHUNKED;
      const half = framing === undefined ? '{"ok":true,' : 'b\r\n{"ok":true,\r\n';
      return [
        [{ kind: 'cut', at: 'status-line', ...rest }, 'HTTP/1.1 20'],
        [{ kind: 'cut', at: 'headers', ...rest }, head],
        [{ kind: 'cut', at: 'body', ...rest }, head + half],
      ];
    }),
  );

  it.each<[Fault, string]>([
    ...ends.map((how): [Fault, string] => [{ kind: 'cut', at: 'request', how }, '']),
    ...ends.map((how): [Fault, string] => [{ kind: 'cut', at: 'booked', how }, '']),
    ...answerCuts,
  ])('%j sends %j and has its effect', async (fault, received) => {
    if (fault.kind !== 'cut') throw new Error('a cut is expected');
    const server = await start({ faults: [fault] });
    await expectEnd(server, open(server, post()), fault.how, received);
    expect(server.requests[0]).toMatchObject({ order: '7', fault });
    expect(server.effects('7')).toBe(fault.at === 'request' ? 0 : 1);
  });

  it('stalls even where the connection was to be closed after the answer', async () => {
    const server = await start({ faults: [{ kind: 'cut', at: 'headers', how: 'stall' }] });
    const client = open(server, post('connection: close\r\n'));
    await expectEnd(server, client, 'stall', CREATED.slice(0, -BOOKED.length));
  });

  it('cuts an answer of its own, without an effect when that is a failure', async () => {
    const server = await start({
      faults: [{ kind: 'cut', at: 'body', how: 'stall', answer: { status: 503, body: 'abcdef' } }],
    });
    const received = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 6\r\n\r\nabc';
    await expectEnd(server, open(server, post()), 'stall', received);
    expect(server.effects('7')).toBe(0);
  });
});

describe('other faults', () => {
  it('late: the work is done once the client has given up', async () => {
    const server = await start({ faults: [{ kind: 'late' }] });
    const client = open(server, post());
    await until(() => server.requests.length).toBe(1);
    expect(server.effects('7')).toBe(0);
    client.socket.destroy();
    await until(() => server.effects('7')).toBe(1);
    expect(client.received).toBe('');
  });

  it('slow: waits before the work, or between the work and the answer', async () => {
    const gaps = async (at: 'request' | 'booked') => {
      const server = await start({ faults: [{ kind: 'slow', at, ms: 30 }] });
      expect(await open(server, post()).until(CREATED.length)).toBe(CREATED);
      const booked = server.bookings[0]?.at ?? Number.NaN;
      return [booked - (server.requests[0]?.at ?? Number.NaN), Date.now() - booked];
    };
    // Two clocks in whole milliseconds may differ by one.
    expect((await gaps('request'))[0]).toBeGreaterThanOrEqual(29);
    const [work, answer] = await gaps('booked');
    expect(work).toBeLessThan(29);
    expect(answer).toBeGreaterThanOrEqual(29);
  });

  it('slow: the work is done even if the client did not wait for it', async () => {
    const server = await start({ faults: [{ kind: 'slow', at: 'request', ms: 30 }] });
    const client = open(server, post());
    await until(() => server.requests.length).toBe(1);
    client.socket.destroy();
    await until(() => server.openSockets).toBe(0);
    await until(() => server.effects('7')).toBe(1);
  });

  it.each<[Fault, string, number]>([
    [
      { kind: 'answer', status: 503, headers: { 'retry-after': ['1', '2'] }, body: 'no' },
      'HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nretry-after: 2\r\ncontent-length: 2\r\n\r\nno',
      0,
    ],
    [
      { kind: 'answer', status: 500, effect: 'done' },
      `HTTP/1.1 500 Internal Server Error\r\n${JSON_HEAD}content-length: 25\r\n\r\n{"ok":false,"status":500}`,
      1,
    ],
    [
      { kind: 'answer', status: 429 },
      `HTTP/1.1 429 Too Many Requests\r\n${JSON_HEAD}content-length: 25\r\n\r\n{"ok":false,"status":429}`,
      0,
    ],
    [{ kind: 'answer', status: 204 }, `HTTP/1.1 204 No Content\r\n${JSON_HEAD}\r\n`, 1],
    [{ kind: 'answer', status: 200, bytes: 3 }, 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nxxx', 1],
    [
      { kind: 'interim', statuses: [100, 103] },
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n${CREATED}`,
      1,
    ],
    [{ kind: 'garbage', where: 'status-line' }, '~~ this is not HTTP ~~\r\n\r\n', 1],
    [
      { kind: 'garbage', where: 'chunk-length' },
      `${CHUNKED}17\r\n${BOOKED}\r\n~~ this is not HTTP ~~\r\n\r\n`,
      1,
    ],
    [{ kind: 'garbage', where: 'after-answer' }, `${CREATED}~~ this is not HTTP ~~\r\n\r\n`, 1],
    [{ kind: 'drip', of: 'answer', pieces: 7, gap: 1 }, CREATED, 1],
    [{ kind: 'drip', of: 'body', pieces: 7, gap: 1 }, CREATED, 1],
    [{ kind: 'close-idle' }, CREATED, 1],
  ])('%j sends %j and has %i effect', async (fault, received, effects) => {
    const server = await start({ faults: [fault] });
    const client = open(server, post());
    await client.until(received.length);
    await roundTrip(server);
    expect(client.received).toBe(received);
    expect(server.effects('7')).toBe(effects);
  });

  it('drip: sends so many pieces', async () => {
    const server = await start({ faults: [{ kind: 'drip', of: 'body', pieces: 4, gap: 10 }] });
    const client = open(server, post());
    const pieces: string[] = [];
    client.socket.on('data', (text: string) => pieces.push(text));
    await client.until(CREATED.length);
    // The first piece may arrive together with the headers.
    expect(pieces.slice(-3)).toEqual([BOOKED.slice(6, 12), BOOKED.slice(12, 18), BOOKED.slice(18)]);
  });

  it('short-gzip: is framed correctly, and cannot be unpacked', async () => {
    const server = await start({ faults: [{ kind: 'short-gzip' }] });
    const client = open(server, post('connection: close\r\n'));
    await client.ended;
    const [head = '', payload = ''] = client.received.split('\r\n\r\n');
    expect(head).toContain('content-encoding: gzip');
    expect(head).toContain(`content-length: ${payload.length}`);
    expect(() => gunzipSync(Buffer.from(payload, 'latin1'))).toThrow('unexpected end of file');
  });

  it('close-idle: promises keep-alive and closes', async () => {
    const server = await start({ faults: [{ kind: 'close-idle' }] });
    const client = open(server, post());
    expect(await client.ended).toBe('close');
    expect(client.received).toBe(CREATED);
  });

  it('sends an answer of many bytes', async () => {
    const server = await start({ faults: [{ kind: 'answer', status: 200, bytes: 4 * 2 ** 20 }] });
    const response = await fetch(server.url, { dispatcher: agent });
    expect((await response.arrayBuffer()).byteLength).toBe(4 * 2 ** 20);
  });
});

describe('the ledger', () => {
  const send = async (server: FaultServer, key: string, body = 'pay 5') => {
    const response = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-order': '7', 'idempotency-key': key },
      body,
      dispatcher: agent,
    });
    const replayed = response.headers.get('idempotent-replayed') === 'true';
    return { status: response.status, replayed, body: await response.json() };
  };

  it('books a key once, and replays its answer', async () => {
    const server = await start();
    expect(await send(server, 'a')).toEqual({ status: 201, replayed: false, body: { ok: true, booking: 1 } });
    expect(await send(server, 'a')).toEqual({ status: 201, replayed: true, body: { ok: true, booking: 1 } });
    expect(await send(server, 'b')).toMatchObject({ status: 201, body: { booking: 2 } });
    expect(server.effects('7')).toBe(2);
  });

  it('replays the answer that a reset or a 500 kept from the client', async () => {
    const server = await start({ faults: [{ kind: 'cut', at: 'booked', how: 'reset' }] });
    await expect(send(server, 'a')).rejects.toThrow('fetch failed');
    expect(await send(server, 'a')).toMatchObject({ status: 201, replayed: true });

    server.next({ kind: 'answer', status: 500, effect: 'done' });
    expect(await send(server, 'b')).toMatchObject({ status: 500, replayed: false });
    expect(await send(server, 'b')).toMatchObject({ status: 201, replayed: true });
    expect(server.effects('7')).toBe(2);
  });

  it('books anew after a failure that came before the booking', async () => {
    const server = await start({
      faults: [
        { kind: 'cut', at: 'request', how: 'reset' },
        { kind: 'answer', status: 503 },
      ],
    });
    await expect(send(server, 'a')).rejects.toThrow('fetch failed');
    expect(await send(server, 'a')).toMatchObject({ status: 503 });
    expect(await send(server, 'a')).toMatchObject({ status: 201, replayed: false });
    expect(server.effects('7')).toBe(1);
  });

  it('answers 422 to a key that was used for something else', async () => {
    const server = await start();
    await send(server, 'a');
    expect(await send(server, 'a', 'pay 500')).toMatchObject({ status: 422 });
    expect(server.effects('7')).toBe(1);
  });

  it.each<[Fault, number]>([
    [{ kind: 'cut', at: 'request', how: 'stall' }, 0],
    [{ kind: 'late' }, 1],
  ])('answers 409 while %j is in progress, and then as it ended', async (fault, effects) => {
    const server = await start({ faults: [fault] });
    const first = open(server, post('idempotency-key: a\r\n'));
    await until(() => server.requests.length).toBe(1);
    // The same path as the raw client's, because the path is a part of the key's meaning.
    const repeat = async () => {
      const response = await fetch(`${server.url}/charges`, {
        method: 'POST',
        headers: { 'x-order': '7', 'idempotency-key': 'a' },
        body: BODY,
        dispatcher: agent,
      });
      await response.text();
      return response;
    };
    expect((await repeat()).status).toBe(409);
    server.next({ kind: 'answer', status: 200, body: 'fine' });
    expect((await repeat()).status).toBe(409);
    expect(server.effects('7')).toBe(0);

    first.socket.destroy();
    await until(() => server.openSockets).toBe(1);
    expect(server.effects('7')).toBe(effects);
    const response = await repeat();
    expect(response.status).toBe(201);
    expect(response.headers.has('idempotent-replayed')).toBe(effects === 1);
    expect(server.effects('7')).toBe(1);
  });

  it('books a key every time where keys are not honoured', async () => {
    const server = await start({ honourKeys: false });
    await send(server, 'a');
    await send(server, 'a');
    expect(server.effects('7')).toBe(2);
  });
});

describe('choosing faults', () => {
  it('asks per request, told which attempt it is of its order, else its key, else its path', async () => {
    const seen: string[] = [];
    const server = await start({
      fault: ({ method, attempt, order, key }) => {
        seen.push(`${method} ${order ?? key ?? '-'} ${attempt}`);
        return method === 'POST' && attempt === 1 ? { kind: 'answer', status: 503 } : undefined;
      },
    });
    const call = async (method: string, headers: Record<string, string>) =>
      (await fetch(server.url, { method, headers, dispatcher: agent })).status;
    expect(await call('POST', { 'x-order': '1', 'idempotency-key': 'a' })).toBe(503);
    expect(await call('POST', { 'x-order': '1', 'idempotency-key': 'b' })).toBe(201);
    expect(await call('POST', { 'idempotency-key': 'a' })).toBe(503);
    expect(await call('GET', {})).toBe(200);
    expect(await call('GET', {})).toBe(200);
    expect(seen).toEqual(['POST 1 1', 'POST 1 2', 'POST a 1', 'GET - 1', 'GET - 2']);
  });

  it('cuts at an early step when the function says so', async () => {
    const server = await start({ fault: () => ({ kind: 'cut', at: 'accept', how: 'reset' }) });
    expect(await open(server, post()).ended).toBe('reset');
    expect(server.requestsBegun).toBe(1);
    expect(server.requests).toEqual([]);
  });

  it('takes queued faults first, and logs each as plain JSON', async () => {
    const lines: FaultLine[] = [];
    const server = await start({
      faults: [{ kind: 'cut', at: 'accept', how: 'close' }],
      fault: () => ({ kind: 'answer', status: 404 }),
      log: (line) => lines.push(line),
    });
    server.next({ kind: 'ok' });
    await open(server, GET).ended;
    expect(await open(server, post()).until(CREATED.length)).toBe(CREATED);
    await roundTrip(server);
    expect(JSON.parse(JSON.stringify(lines))).toEqual([
      { connection: 1, fault: { kind: 'cut', at: 'accept', how: 'close' } },
      {
        connection: 2,
        fault: { kind: 'ok' },
        request: { method: 'POST', path: '/charges', order: '7', attempt: 1 },
      },
      {
        connection: 3,
        fault: { kind: 'answer', status: 404 },
        request: { method: 'GET', path: '/', attempt: 1 },
      },
    ]);
  });
});

describe('outage and end', () => {
  it('refuses connections, drops those it has, and comes back on the same port', async () => {
    const server = await start();
    const { url } = server;
    const client = open(server, GET);
    await client.until(FOUND.length);
    await server.refuse();
    expect(server.openSockets).toBe(0);
    await client.ended;
    const refused = await fetch(url, { dispatcher: agent }).catch((error: Error) => error.cause);
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    await server.listenAgain();
    expect(server.url).toBe(url);
    expect((await fetch(url, { dispatcher: agent })).status).toBe(200);
  });

  it('leaves no socket and no timer when it closes', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const server = await start({
      faults: [
        { kind: 'slow', at: 'request', ms: 60_000 },
        { kind: 'slow', at: 'booked', ms: 60_000 },
        { kind: 'drip', of: 'body', pieces: 5, gap: 60_000 },
        { kind: 'cut', at: 'request', how: 'stall' },
      ],
    });
    const open4 = [1, 2, 3, 4].map(() => open(server, post()));
    await until(() => server.requests.length).toBe(4);
    await server.close();
    await server.close();
    expect(server.openSockets).toBe(0);
    await Promise.all(
      open4.map(({ socket }) => socket.closed || new Promise((r) => socket.once('close', r))),
    );
    await until(timers).toBeLessThanOrEqual(before);
    // The waiting request did not do its work.
    expect(server.effects('7')).toBe(2);
  });
});

describe('the catalogue', () => {
  const name = (fault: Fault) => JSON.stringify(fault);

  it('names no fault twice, and is plain JSON', () => {
    expect(new Set(everyFault.map(name)).size).toBe(everyFault.length);
    expect(JSON.parse(JSON.stringify(everyFault))).toEqual(everyFault);
  });

  it('leaves no fault after which a new connection fails, for any method', async () => {
    const fresh = new Agent();
    const combinations = everyFault.flatMap((fault) =>
      ['GET', 'HEAD', 'POST'].map((method) => ({ fault, method })),
    );
    await Promise.all(
      combinations.map(async ({ fault, method }) => {
        const giveUp = new AbortController();
        const silent = (fault.kind === 'cut' && fault.how === 'stall') || fault.kind === 'late';
        const log = () => silent && setImmediate(() => giveUp.abort());
        const server = await start({ faults: [fault], log });
        const headers = { 'x-order': 'first' };
        await fetch(server.url, { method, headers, signal: giveUp.signal, dispatcher: agent })
          .then((response) => response.arrayBuffer())
          .catch(() => {});
        expect(server.effects('first'), name(fault)).toBeLessThanOrEqual(method === 'POST' ? 1 : 0);
        expect(server.requests, name(fault)).toHaveLength(isEarly(fault) ? 0 : 1);

        const next = await fetch(server.url, { method, headers: { 'x-order': 'next' }, dispatcher: fresh });
        await next.arrayBuffer();
        expect(next.ok, name(fault)).toBe(true);
      }),
    );
    await fresh.destroy();
  });
});
