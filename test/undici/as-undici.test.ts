import { EventEmitter } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Agent, type Dispatcher, Pool, request, stream } from 'undici';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { listen } from '../support/listen.ts';
import { isBefore8 } from '../support/users-undici.ts';

// Behind the interceptor undici behaves the same, in every detail that can be observed.

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const origin = await listen(server);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return origin;
}

function dispatchers(options = {}): [string, Dispatcher][] {
  const plain = new Agent();
  const agent = new Agent();
  closing.push(
    () => plain.destroy(),
    () => agent.destroy(),
  );
  return [
    ['undici', plain],
    ['the interceptor', agent.compose(resilience(options))],
  ];
}

/** In which a handler may be written. */
const languages = isBefore8 ? ['modern', 'legacy'] : ['modern'];

describe('a pause at the head', () => {
  const long = 'x'.repeat(200_000);
  test.each(
    languages.flatMap(
      (language) =>
        [
          ['hello', language],
          [long, language],
        ] as const,
    ),
  )('holds back everything until it is over, whole or not (%#)', async (text, language) => {
    const origin = await serve((_request, response) => response.end(text));
    for (const [, dispatcher] of dispatchers()) {
      const seen: string[] = [];
      let body = '';
      await new Promise<void>((done, failed) => {
        const resumed = (resume: () => void) => {
          seen.push('paused');
          setTimeout(() => {
            seen.push('resumed');
            resume();
          }, 30);
        };
        const data = (chunk: Buffer) => {
          if (body === '') seen.push('data');
          body += chunk;
          return true;
        };
        const end = () => {
          seen.push('end');
          done();
        };
        const handler =
          language === 'modern'
            ? {
                onRequestStart() {},
                onResponseStart(controller: { pause(): void; resume(): void }) {
                  controller.pause();
                  resumed(() => controller.resume());
                },
                onResponseData: (_controller: unknown, chunk: Buffer) => data(chunk),
                onResponseEnd: end,
                onResponseError: (_controller: unknown, error: Error) => failed(error),
              }
            : {
                onConnect() {},
                onHeaders(_status: number, _headers: unknown, resume: () => void) {
                  resumed(resume);
                  return false;
                },
                onData: data,
                onComplete: end,
                onError: failed,
              };
        dispatcher.dispatch({ origin, path: '/', method: 'GET' }, handler as Dispatcher.DispatchHandler);
      });
      expect(seen).toEqual(['paused', 'resumed', 'data', 'end']);
      expect(body).toBe(text);
    }
  });

  test('between two pieces of what was held does so, too', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 6 });
      response.write('one');
      setTimeout(() => response.end('two'), 5);
    });
    for (const [, dispatcher] of dispatchers({ buffer: 1_000 })) {
      const seen: string[] = [];
      await new Promise<void>((done) => {
        dispatcher.dispatch({ origin, path: '/', method: 'GET' }, {
          onRequestStart() {},
          onResponseStart() {},
          onResponseData(controller: { pause(): void; resume(): void }, chunk: Buffer) {
            // undici gives an empty one when it goes on.
            if (chunk.length === 0) return;
            seen.push(String(chunk));
            controller.pause();
            setTimeout(() => {
              seen.push('resumed');
              controller.resume();
            }, 20);
          },
          onResponseEnd: () => {
            seen.push('end');
            done();
          },
          onResponseError() {},
        } as unknown as Dispatcher.DispatchHandler);
      });
      // On a busy machine both come in one piece.
      const pieces = seen.filter((event) => event !== 'resumed' && event !== 'end');
      expect(pieces.join('')).toBe('onetwo');
      expect(seen).toEqual([...pieces.flatMap((piece) => [piece, 'resumed']), 'end']);
    }
  });
});

describe('an abort', () => {
  test('inside of the factory of stream ends it, however short the answer is', async () => {
    const origin = await serve((_request, response) => response.end('asd'));
    for (const [, dispatcher] of dispatchers()) {
      const stop = new AbortController();
      const out = new PassThrough().on('error', () => {});
      const call = stream(origin, { dispatcher, method: 'GET', signal: stop.signal }, () => {
        stop.abort();
        return out;
      });
      expect(await errorOf(call)).toMatchObject({ name: 'AbortError' });
      expect(out.read()).toBeNull();
    }
  });

  test('by an EventEmitter gives undici’s own error, before and after the head', async () => {
    const origin = await serve((incoming, response) => {
      if (incoming.url === '/head') response.write('x');
    });
    for (const [, dispatcher] of dispatchers()) {
      const early = new EventEmitter();
      const call = request(`${origin}/none`, { dispatcher, signal: early });
      setTimeout(() => early.emit('abort'), 20);
      expect(await errorOf(call)).toMatchObject({ code: 'UND_ERR_ABORTED' });
      const late = new EventEmitter();
      const { body } = await request(`${origin}/head`, { dispatcher, signal: late });
      late.emit('abort');
      expect(await errorOf(body.text())).toMatchObject({ code: 'UND_ERR_ABORTED' });
    }
  });
});

test.each(languages)(
  'a %s handler hears what it hears behind an interceptor that does nothing',
  async (language) => {
    // undici 7 translates a handler for its interceptors, and says no more which pieces of the body were sent; 8 does.
    const origin = await serve((incoming, response) => incoming.resume().on('end', () => response.end('ok')));
    const agent = new Agent();
    closing.push(() => agent.destroy());
    const heard: string[][] = [];
    for (const interceptor of [(dispatch: Dispatcher['dispatch']) => dispatch, resilience()]) {
      const seen: string[] = [];
      await new Promise<void>((done, failed) => {
        const both = {
          onBodySent: (chunk: Buffer) => seen.push(`body ${chunk.length}`),
          onRequestSent: () => seen.push('sent'),
        };
        const handler =
          language === 'modern'
            ? {
                ...both,
                onRequestStart: () => seen.push('start'),
                onResponseStart: () => seen.push('head'),
                onResponseData: () => seen.push('data'),
                onResponseEnd: () => done(),
                onResponseError: (_controller: unknown, error: Error) => failed(error),
              }
            : {
                ...both,
                onConnect: () => seen.push('start'),
                onHeaders: () => seen.push('head') > 0,
                onData: () => seen.push('data') > 0,
                onComplete: () => done(),
                onError: failed,
              };
        const dispatcher = agent.compose(interceptor);
        const options = { origin, path: '/', method: 'POST' as const, body: 'hello' };
        dispatcher.dispatch(options, handler as unknown as Dispatcher.DispatchHandler);
      });
      heard.push(seen);
    }
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[1]).toContain('head');
  },
);

describe('a stream as the body of a request', () => {
  /** What the server saw of the body's framing, and the body. */
  const mirror: RequestListener = (incoming, response) => {
    const { 'content-length': length, 'transfer-encoding': coding } = incoming.headers;
    let text = '';
    incoming.on('data', (chunk) => {
      text += chunk;
    });
    incoming.on('end', () => response.end(JSON.stringify({ length, coding, text })));
  };
  /** All of it is there: undici knows how long it is. */
  const ended = async (text: string, options = {}) => {
    const stream = new PassThrough({ ...options });
    stream.end(text);
    await new Promise((resolve) => setImmediate(resolve));
    return stream;
  };
  const bodies: Record<string, () => unknown> = {
    'that has ended, empty': () => ended(''),
    'that has ended': () => ended('text'),
    'that goes on': () => Readable.from(['one', 'two'], { objectMode: false }),
    'that does not destroy itself': () => ended('text', { autoDestroy: false }),
    'that is an iterator': () => ['one', 'two'][Symbol.iterator](),
  };
  test.each(Object.entries(bodies))('%s is sent as by undici, and is destroyed', async (_name, make) => {
    const origin = await serve(mirror);
    const seen = [];
    for (const [, dispatcher] of [...dispatchers(), ...dispatchers({ retry: false }).slice(1)]) {
      const body = (await make()) as Readable;
      const answer = await request(origin, { dispatcher, method: 'POST', body });
      seen.push({ saw: await answer.body.json(), destroyed: body.destroyed });
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test('with a content-length that is read first is destroyed, too', async () => {
    const origin = await serve(mirror);
    const [, [, dispatcher] = []] = dispatchers();
    const body = await ended('text', { autoDestroy: false });
    const answer = await request(origin, {
      dispatcher: dispatcher as Dispatcher,
      method: 'POST',
      headers: { 'content-length': '4' },
      body,
    });
    expect(await answer.body.json()).toEqual({ length: '4', text: 'text' });
    expect(body.destroyed).toBe(true);
  });

  test('hears of the error that ended the request', async () => {
    const origin = await serve((incoming) => void incoming.on('data', () => incoming.socket.destroy()));
    for (const [, dispatcher] of dispatchers()) {
      const body = new PassThrough();
      body.write('text');
      const heard = new Promise((resolve) => body.on('error', resolve));
      const error = await errorOf(request(origin, { dispatcher, method: 'POST', body }));
      expect(await heard).toBe(error);
    }
  });

  test('that an iterator without an end gives is read no further than it is sent', async () => {
    const origin = await serve((incoming) => void incoming.once('data', () => incoming.socket.destroy()));
    for (const [, dispatcher] of dispatchers()) {
      const body = (function* () {
        while (true) yield 'x'.repeat(64_000);
      })();
      await expect(request(origin, { dispatcher, method: 'POST', body: body as never })).rejects.toThrow();
    }
  });

  test('that breaks is no fault of the network’s, and a network that breaks is none of the body’s', async () => {
    const origin = await serve((incoming) => void incoming.on('data', () => incoming.socket.destroy()));
    const [, [, dispatcher] = []] = dispatchers();
    const reasons = [];
    for (const [path, breaks] of [
      ['/body', true],
      ['/network', false],
    ] as const) {
      const body = new PassThrough();
      if (breaks) setTimeout(() => body.destroy(new Error('mine')), 5);
      else body.write('text');
      const error = await errorOf(
        request(origin + path, { dispatcher: dispatcher as Dispatcher, method: 'PUT', body }),
      );
      reasons.push(callReport(error)?.attempts.map(({ reason }) => reason));
    }
    expect(reasons).toEqual([['body'], ['network']]);
  });
});

/** undici 8 wants all of them. */
const deaf = { onRequestStart() {}, onResponseStart() {}, onResponseData() {} };

test('a dispatcher that wants no more says so to whoever asks it through the interceptor', async () => {
  const origin = await serve((_incoming, response) => response.end());
  const said: boolean[] = [];
  for (const interceptors of [[], [resilience()]]) {
    const pool = new Pool(origin, { connections: 1, pipelining: 1 });
    closing.push(() => pool.destroy());
    const dispatcher = pool.compose(interceptors);
    const ended: Promise<void>[] = [];
    for (let i = 0; i < 3; i++) {
      ended.push(
        new Promise((done) => {
          const handler = { ...deaf, onResponseEnd: () => done(), onResponseError: () => done() };
          said.push(dispatcher.dispatch({ origin, path: '/', method: 'GET' }, handler as never));
        }),
      );
    }
    await Promise.all(ended);
  }
  expect(said.slice(3)).toEqual(said.slice(0, 3));
  expect(said).toContain(false);
});

const oddlyNamed: Record<string, () => NonNullable<Dispatcher.RequestOptions['headers']>> = {
  'an object': () => JSON.parse('{"__proto__":"1","constructor":"2","toString":"3"}'),
  'names and values in turn': () => ['__proto__', '1', 'constructor', '2', 'toString', '3'],
  pairs: () => new Map(Object.entries({ constructor: '2', ['__proto__']: '1', toString: '3' })),
};
test.each(Object.entries(oddlyNamed))(
  'headers whose names every object has are sent as by undici, beside the key: %s',
  async (_name, headers) => {
    const origin = await serve((incoming, response) => response.end(JSON.stringify(incoming.rawHeaders)));
    const sent: string[][] = [];
    for (const [, dispatcher] of dispatchers()) {
      const { body } = await request(origin, { method: 'POST', headers: headers(), dispatcher });
      sent.push((await body.json()) as string[]);
    }
    const [undicis = [], ours = []] = sent;
    const at = ours.indexOf('Idempotency-Key');
    expect(undicis).toContain('__proto__');
    expect(at).toBeGreaterThan(0);
    expect(ours.toSpliced(at, 2)).toEqual(undicis);
  },
);

test('plain headers are plain, though somebody made all objects iterable', async () => {
  const origin = await serve((incoming, response) => response.end(incoming.headers['x-a']));
  const prototype = Object.prototype as unknown as Record<symbol, unknown>;
  prototype[Symbol.iterator] = function* () {};
  onTestFinished(() => {
    delete prototype[Symbol.iterator];
  });
  for (const [, dispatcher] of dispatchers()) {
    const { body } = await request(origin, { dispatcher, headers: { 'x-a': '1' } });
    expect(await body.text()).toBe('1');
  }
});

describe('with buffer, a part is not judged as a whole', () => {
  const full = gzipSync('abcdefgh'.repeat(400));
  const answers: [string, number, Record<string, string>, Buffer | undefined][] = [
    ['a 304 with the content-length of a 200', 304, { 'content-length': '77', etag: '"v"' }, undefined],
    ['a 304 with a content-encoding', 304, { 'content-encoding': 'gzip', etag: '"v"' }, undefined],
    [
      'a 206 of a compressed representation',
      206,
      { 'content-encoding': 'gzip', 'content-range': 'bytes 0-9/99' },
      full.subarray(0, 10),
    ],
    ['a 204', 204, {}, undefined],
  ];
  test.each(answers)('%s is asked for once', async (_name, status, headers, body) => {
    let hits = 0;
    const origin = await serve((_request, response) => {
      hits++;
      response.writeHead(status, headers);
      response.end(body);
    });
    const rules = { buffer: 65_536, retry: { base: 1, cap: 1 } };
    expect((await createFetch(rules)(origin)).status).toBe(status);
    expect(hits).toBe(1);
    for (const [, dispatcher] of dispatchers(rules)) {
      const answer = await request(origin, { dispatcher });
      expect(answer.statusCode).toBe(status);
      if (body !== undefined) expect(Buffer.from(await answer.body.arrayBuffer())).toEqual(body);
    }
    expect(hits).toBe(3);
  });
});
