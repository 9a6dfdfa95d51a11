import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { Agent, Client, type Dispatcher, interceptors, MockAgent, Pool, request } from 'undici';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callReport } from '../../src/index.ts';
import { callOptions, resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { listen, listenOnPort } from '../support/listen.ts';
import { isBefore8 } from '../support/users-undici.ts';
import { guarded, quick } from './support.ts';

const unavailable: Fault = { kind: 'answer', status: 503 };

/** Does what a test wants done with each request. */
let answer: RequestListener;
const server = createServer((incoming, response) => answer(incoming, response));
let url = '';
beforeEach(async () => {
  url = await listen(server);
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Records the events that a handler gets, and can act on each of them. */
class RecordingHandler implements Dispatcher.DispatchHandler {
  readonly events: string[] = [];
  readonly chunks: Buffer[] = [];
  controller: Dispatcher.DispatchController | undefined;
  error: Error | undefined;
  readonly #on: Partial<Record<string, (controller: Dispatcher.DispatchController) => void>>;

  constructor(on: Partial<Record<string, (controller: Dispatcher.DispatchController) => void>> = {}) {
    this.#on = on;
  }

  get body(): Buffer {
    return Buffer.concat(this.chunks);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#record('start', controller);
  }
  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    this.#record(String(status), controller);
  }
  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.chunks.push(chunk);
    this.#on.data?.(controller);
  }
  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.#record('end', controller);
  }
  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.error = error;
    this.#record('error', controller);
  }

  #record(event: string, controller: Dispatcher.DispatchController): void {
    this.controller ??= controller;
    this.events.push(this.controller === controller ? event : `${event} from another controller`);
    this.#on[event]?.(controller);
  }
}

const get = (path = '/'): Dispatcher.DispatchOptions => ({ origin: url, path, method: 'GET' });
const statuses = (...list: number[]): void => {
  answer = (_request, response) => void response.writeHead(list.shift() ?? 200).end('done');
};

describe('a handler', () => {
  test('hears of one request, however many attempts it took, and steers it with one controller', async () => {
    statuses(503, 503);
    const handler = new RecordingHandler();
    expect(guarded().dispatcher.dispatch(get(), handler)).toBe(true);
    await eventually(() => expect(handler.events).toEqual(['start', '200', 'end']));
    expect(handler.body.toString()).toBe('done');
    expect(handler.controller).toMatchObject({ aborted: false, reason: null, paused: false });
    expect(handler.controller?.rawHeaders).toBeTruthy();
  });

  test('gets the trailers of the response, and those only', async () => {
    let requests = 0;
    answer = (_request, response) => {
      requests += 1;
      response.writeHead(requests === 1 ? 503 : 200, { trailer: 'x-sum' }).write('done');
      response.addTrailers({ 'x-sum': String(requests) });
      response.end();
    };
    const response = await request(url, { dispatcher: guarded().dispatcher });
    await response.body.dump();
    expect(response.trailers).toEqual({ 'x-sum': '2' });
    const handler = new RecordingHandler();
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', '200', 'end']));
    expect(JSON.stringify(handler.controller?.rawTrailers)).not.toBe('null');
  });

  test('that has no use for a body hears of the end of the response', async () => {
    statuses();
    const events: string[] = [];
    const handler = {
      onRequestStart: () => void events.push('start'),
      onResponseEnd: () => void events.push('end'),
      onResponseError: () => void events.push('error'),
    };
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(events).toEqual(['start', 'end']));
  });

  test('hears of one error in the end', async () => {
    const handler = new RecordingHandler();
    guarded().dispatcher.dispatch({ ...get(), origin: 'http://127.0.0.1:1' }, handler);
    await eventually(() => expect(handler.events).toEqual(['start', 'error']));
    expect(callReport(handler.error)?.attempts).toHaveLength(4);
  });

  test('that aborts as soon as it can has nothing sent', async () => {
    let requests = 0;
    answer = () => {
      requests += 1;
    };
    const reason = new Error('changed my mind');
    const handler = new RecordingHandler({ start: (controller) => controller.abort(reason) });
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', 'error']));
    expect(handler.error).toBe(reason);
    expect(handler.controller).toMatchObject({ aborted: true, reason });
    expect(requests).toBe(0);
  });

  test('that aborts when the response begins gets no more of it', async () => {
    answer = (_request, response) => void response.end(Buffer.alloc(1_000_000));
    const handler = new RecordingHandler({ '200': (controller) => controller.abort(new Error('enough')) });
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', '200', 'error']));
    expect(handler.error).toMatchObject({ message: 'enough' });
    expect(handler.body.byteLength).toBeLessThan(200_000);
  });

  test('that throws where the response begins has it ended', async () => {
    answer = (_request, response) => void response.end(Buffer.alloc(1_000_000));
    const mistake = new Error('a bug in the handler');
    const handler = new RecordingHandler({
      '200': () => {
        throw mistake;
      },
    });
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.error).toBe(mistake));
  });

  test('that throws where the request starts has nothing sent', async () => {
    let requests = 0;
    answer = () => {
      requests += 1;
    };
    const mistake = new Error('a bug in the handler');
    const handler = new RecordingHandler({
      start: () => {
        throw mistake;
      },
    });
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.error).toBe(mistake));
    expect(requests).toBe(0);
  });

  test.each([0, 10_000])(
    'can pause and resume: nothing comes in between, nothing is lost (buffer %i)',
    async (buffer) => {
      const bytes = Buffer.from(Array.from({ length: 2_000_000 }, (_, at) => at % 251));
      answer = (_request, response) => void response.end(bytes);
      let pauses = 0;
      const handler = new RecordingHandler({
        data: (controller) => {
          if (controller.paused || ++pauses > 5) return;
          controller.pause();
          const before = handler.body.byteLength;
          setTimeout(() => {
            // What had been read before the pause may still come; the socket is not read any more.
            expect(handler.body.byteLength - before).toBeLessThan(200_000);
            controller.resume();
          }, 10);
        },
      });
      guarded({ ...quick, buffer: buffer || false }).dispatcher.dispatch(get(), handler);
      await eventually(() => expect(handler.events).toEqual(['start', '200', 'end']));
      expect(handler.body.equals(bytes)).toBe(true);
    },
  );

  test('that pauses before there is a response gets it when it resumes', async () => {
    answer = (_request, response) => void response.end(Buffer.alloc(500_000, 'x'));
    const handler = new RecordingHandler({ '200': (controller) => controller.pause() });
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', '200']));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(handler.events).toEqual(['start', '200']);
    handler.controller?.resume();
    await eventually(() => expect(handler.events).toEqual(['start', '200', 'end']));
    expect(handler.body.byteLength).toBe(500_000);
  });

  test('learns of a body that breaks off, and its report is that of the call', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 1_000 }).write('half');
      setTimeout(() => response.destroy(), 20);
    };
    const handler = new RecordingHandler();
    guarded().dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', '200', 'error']));
    expect(handler.body.toString()).toBe('half');
    expect(callReport(handler.error)).toMatchObject({ stopped: 'success', attempts: [{ status: 200 }] });
  });
});

describe('a signal', () => {
  const abortable = () => {
    const controller = new AbortController();
    return { controller, signal: controller.signal, reason: { why: 'the user left' } };
  };

  test('that has aborted already keeps a request from being sent', async () => {
    await using faults = await startFaultServer();
    const { controller, signal, reason } = abortable();
    controller.abort(reason);
    expect(await errorOf(request(faults.url, { dispatcher: guarded().dispatcher, signal }))).toBe(reason);
    expect(faults.requestsBegun).toBe(0);
  });

  test('ends an attempt that waits for its answer', async () => {
    await using faults = await startFaultServer({
      fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
    });
    const { controller, signal, reason } = abortable();
    const call = errorOf(request(faults.url, { dispatcher: guarded().dispatcher, signal }));
    await eventually(() => expect(faults.requests).toHaveLength(1));
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted', delivery: 'unknown' });
    await eventually(() => expect(faults.openSockets).toBe(0));
  });

  test('ends a pause, and the response that was kept through it is let go', async () => {
    const slow: Fault = { kind: 'answer', status: 503, headers: { 'retry-after': '10' }, bytes: 1_000_000 };
    await using faults = await startFaultServer({ fault: () => slow });
    const { controller, signal, reason } = abortable();
    const { guard, dispatcher } = guarded();
    guard.on('retry', () => setImmediate(() => controller.abort(reason)));
    expect(await errorOf(request(faults.url, { dispatcher, signal }))).toBe(reason);
    expect(callReport(reason)).toMatchObject({ stopped: 'aborted', delivery: 'answered' });
    await eventually(() => expect(faults.openSockets).toBe(0));
  });

  test('ends a body that is being read', async () => {
    let stalled: ServerResponse | undefined;
    answer = (_request, response) => {
      stalled = response;
      response.write('half');
    };
    const { controller, signal } = abortable();
    const { body } = await request(url, { dispatcher: guarded().dispatcher, signal });
    const error = errorOf(body.text());
    controller.abort();
    expect(await error).toMatchObject({ name: 'AbortError' });
    await eventually(() => expect(stalled?.destroyed).toBe(true));
  });
});

describe('responses that nobody wants', () => {
  test('a short one is read, so that its connection is used again; the next attempt does not wait for it', async () => {
    const connections = new Set<unknown>();
    let requests = 0;
    answer = ({ socket }, response) => {
      connections.add(socket);
      if (++requests % 2 === 0) return void response.end('done');
      response.writeHead(503).write('x');
      setTimeout(() => response.end('y'), 5);
    };
    const guard = resilience({ retry: { base: 40, cap: 40 }, budget: false, breaker: false });
    const dispatcher = new Agent({ connections: 1 }).compose(guard);
    for (let i = 0; i < 4; i++) await (await request(url, { dispatcher })).body.dump();
    // Without reading, each of the four refusals would close its connection.
    expect(requests).toBe(8);
    expect(connections.size).toBe(1);
    await dispatcher.close();
  });

  test.each([
    ['one that is long', { kind: 'answer', status: 500, bytes: 4 * 2 ** 20 }],
    ['one that never ends', { kind: 'cut', at: 'body', how: 'stall', answer: { status: 500, bytes: 1_000 } }],
  ] as [string, Fault][])('%s is cut off', async (_which, fault) => {
    await using faults = await startFaultServer({ faults: [fault] });
    const { dispatcher } = guarded();
    const begun = performance.now();
    await (await request(faults.url, { dispatcher })).body.dump();
    expect(performance.now() - begun).toBeLessThan(900);
    await eventually(() => expect(faults.openSockets).toBe(0));
  });

  test('a long one that turns out to be the answer is whole, though it waited unread', async () => {
    await using faults = await startFaultServer({
      fault: () => ({ kind: 'answer', status: 500, bytes: 3_000_000 }),
    });
    const { guard, dispatcher } = guarded({ retry: { base: 30, cap: 30 } });
    // The first retry never comes: the breaker is isolated during the pause before it.
    guard.on('retry', () => guard.breakers.isolate(faults.url));
    const { statusCode, body, context } = await request(faults.url, { dispatcher });
    expect([statusCode, callReport(context)?.stopped]).toEqual([500, 'breaker']);
    expect((await body.arrayBuffer()).byteLength).toBe(3_000_000);
  });

  test('one that breaks off while it waits is handed over as far as it came', async () => {
    answer = (_request, response) => {
      response.writeHead(503, { 'content-length': 1_000 }).write('half');
      setTimeout(() => response.destroy(), 5);
    };
    const { guard, dispatcher } = guarded({ retry: { base: 60, cap: 60 } });
    guard.on('retry', () => guard.breakers.isolate(url));
    const handler = new RecordingHandler();
    dispatcher.dispatch(get(), handler);
    await eventually(() => expect(handler.events).toEqual(['start', '503', 'error']));
    expect(handler.body.toString()).toBe('half');
  });
});

describe('among other dispatchers', () => {
  test('behind a redirect interceptor, each redirect is a request of its own', async () => {
    await using faults = await startFaultServer({
      faults: [unavailable, { kind: 'answer', status: 302, headers: { location: '/there' } }, unavailable],
    });
    const { dispatcher } = guarded();
    const { statusCode, body } = await request(faults.url, {
      dispatcher: dispatcher.compose(interceptors.redirect({ maxRedirections: 3 })),
    });
    expect([statusCode, await body.json()]).toEqual([200, { ok: true, path: '/there' }]);
  });

  test('in front of a redirect interceptor, the redirects belong to the attempt', async () => {
    await using faults = await startFaultServer({
      faults: [{ kind: 'answer', status: 302, headers: { location: '/there' } }, unavailable],
    });
    const dispatcher = new Agent().compose(interceptors.redirect({ maxRedirections: 3 }), resilience(quick));
    const { statusCode, body, context } = await request(faults.url, { dispatcher });
    expect([statusCode, await body.json()]).toEqual([200, { ok: true, path: '/' }]);
    expect(callReport(context)?.attempts.map(({ status }) => status)).toEqual([503, 200]);
  });

  test('a MockAgent answers, and is asked again after a 503', async () => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const keys: unknown[] = [];
    for (const status of [503, 201]) {
      agent
        .get('http://service.test')
        .intercept({ path: '/charges', method: 'POST' })
        .reply(({ headers }) => {
          keys.push(new Headers(headers as Record<string, string>).get('idempotency-key'));
          return { statusCode: status, data: `answer ${status}` };
        });
    }
    const dispatcher = agent.compose(resilience(quick));
    const init = { dispatcher, method: 'POST', body: 'x', idempotencyKey: 'k' } as const;
    const { statusCode, body } = await request('http://service.test/charges', init);
    expect([statusCode, await body.text(), keys]).toEqual([201, 'answer 201', ['k', 'k']]);
  });

  test('a full pool makes a request wait, and what never got a connection was not sent', async () => {
    await using faults = await startFaultServer({
      fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
    });
    const guard = resilience({ timeout: { attempt: 1_000 }, retry: false });
    const dispatcher = new Agent({ connections: 1 }).compose(guard);
    const first = errorOf(request(faults.url, { dispatcher }));
    await eventually(() => expect(faults.requests).toHaveLength(1));
    const policy = { timeout: { attempt: 50 } };
    const second = await errorOf(request(faults.url, callOptions({ dispatcher, policy })));
    expect(callReport(second)).toMatchObject({ delivery: 'not-sent', attempts: [{ reason: 'timeout' }] });
    expect(callReport(await first)?.delivery).toBe('unknown');
    expect(faults.requestsBegun).toBe(1);
    await dispatcher.destroy();
  });

  test('an upgrade goes through untouched', async () => {
    const websocket = createServer();
    websocket.on('upgrade', (_request, socket) => {
      socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: test\r\n\r\n');
    });
    const port = await listenOnPort(websocket);
    const { guard, dispatcher } = guarded();
    const settled: unknown[] = [];
    guard.on('settled', (report) => settled.push(report));
    const { socket } = await dispatcher.upgrade({
      origin: `http://127.0.0.1:${port}`,
      path: '/',
      protocol: 'test',
    } as never);
    socket.destroy();
    websocket.close();
    expect(settled).toEqual([]);
  });

  test('a request that leaves its origin to its Pool works, or is told what is missing; it never goes unprotected', async () => {
    statuses(503);
    for (const origin of [new Pool(url), new Client(url)]) {
      const dispatcher = origin.compose(resilience(quick));
      const named = await dispatcher.request({ origin: url, path: '/', method: 'GET' });
      await named.body.dump();
      const nameless = dispatcher.request({ path: '/', method: 'GET' }).then(
        ({ context, body }) => body.dump().then(() => callReport(context)?.stopped),
        (error: Error) => error.message,
      );
      // undici 8 fills the origin in.
      expect([
        'success',
        'resilience() has to know the origin of each request: give `origin` beside `path`',
      ]).toContain(await nameless);
      await origin.destroy();
    }
  });

  test('a dispatcher that throws ends the call: it is no fault of the dependency', async () => {
    const mistake = new Error('a bug in the dispatcher');
    const guard = resilience({ breaker: { minimum: 1 } });
    const dispatch = guard(() => {
      throw mistake;
    });
    const handler = new RecordingHandler();
    dispatch(get(), handler);
    await eventually(() => expect(handler.error).toBe(mistake));
    expect(callReport(mistake)).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
    expect(guard.breakers.get(url)?.state).toBe('closed');
  });

  test('what makes no sense is for undici to refuse, in its own words', async () => {
    const { dispatcher } = guarded();
    const refused = (options: object) => errorOf(dispatcher.request({ ...get(), ...options } as never));
    expect(await refused({ headers: ['odd'] })).toMatchObject({ message: 'headers array must be even' });
    expect(await refused({ headers: 'x' })).toMatchObject({
      message: 'headers must be an object or an array',
    });
    expect(await refused({ path: 'no slash' })).toMatchObject({ message: /path must be an absolute URL/ });
    expect(await refused({ origin: 'ftp://service.test' })).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
    expect(await refused({ origin: 'no url' })).toBeInstanceOf(Error);
    expect(await refused({ headers: { 'bad name': 'x' } })).toMatchObject({ code: 'UND_ERR_INVALID_ARG' });
  });
});

test('a request of undici 7 is answered in the older language: the headers of an answer are not translated there and back', async () => {
  answer = (_request, response) => response.end('ok');
  const spoken: string[] = [];
  class Listening extends Agent {
    override dispatch(options: Agent.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
      spoken.push('onRequestStart' in handler ? 'newer' : 'older');
      return super.dispatch(options, handler);
    }
  }
  const agent = new Listening();
  const { body } = await request(url, { dispatcher: agent.compose(resilience()) });
  expect(await body.text()).toBe('ok');
  await agent.close();
  expect(spoken).toEqual([isBefore8 ? 'older' : 'newer']);
});
