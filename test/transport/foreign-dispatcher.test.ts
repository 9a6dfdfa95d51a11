import { setImmediate } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
// By its file: undici 7 speaks both languages, whichever copy the user has.
import { Agent } from 'undici/index.js';
import { describe, expect, it } from 'vitest';
import { callReport, createFetch, type DispatcherLike } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';

const LEGACY = ['onConnect', 'onHeaders', 'onData', 'onComplete', 'onError'] as const;
const MODERN = [
  'onRequestStart',
  'onResponseStart',
  'onResponseData',
  'onResponseEnd',
  'onResponseError',
] as const;

/** A dispatcher of another copy, that calls these methods of a handler and no others. */
class Foreign implements DispatcherLike {
  readonly #agent = new Agent();
  readonly #methods: readonly string[];

  constructor(methods: readonly string[]) {
    this.#methods = methods;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const known: Record<string, unknown> = {};
    for (const name of this.#methods) {
      const method = Reflect.get(handler, name);
      if (typeof method !== 'function') throw new TypeError(`invalid ${name} method`);
      known[name] = method.bind(handler);
    }
    return this.#agent.dispatch(options, known as Dispatcher.DispatchHandler);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

describe.each([
  ["like that of Node 20's own undici", LEGACY],
  ["like undici 8's", MODERN],
])('a dispatcher of another copy of undici, %s', (_name, methods) => {
  it('carries a call with its retries, its headers and its body', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
    await using dispatcher = new Foreign(methods);
    const api = createFetch({ dispatcher, retry: { base: 1, cap: 1 } });
    const response = await api(server.url, { method: 'POST', body: 'four' });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toMatchObject({ ok: true });
    expect(server.requests.map(({ body }) => String(body))).toEqual(['four', 'four']);
  });

  it('tells what was sent: a refused connection is not', async () => {
    await using dispatcher = new Foreign(methods);
    const error = await errorOf(createFetch({ dispatcher, retry: false })('http://127.0.0.1:1/'));
    expect(callReport(error)).toMatchObject({ delivery: 'not-sent' });
  });

  it('is held back by a reader who takes their time, and loses nothing', async () => {
    const bytes = 8 * 2 ** 20;
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 200, bytes }] });
    await using dispatcher = new Foreign(methods);
    const response = await createFetch({ dispatcher })(server.url);
    let read = 0;
    for await (const chunk of response.body ?? []) {
      read += chunk.byteLength;
      await setImmediate();
    }
    expect(read).toBe(bytes);
  });
});

describe.each([
  ['the older language', LEGACY],
  ['the newer one', MODERN],
])('with resilience() around a dispatcher of another copy that knows %s', (_language, methods) => {
  it('a client sends through it, and the layer in front of it repeats', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
    await using foreign = new Foreign(methods);
    const around = resilience({ retry: { base: 1, cap: 1 } });
    const dispatch = around(foreign.dispatch.bind(foreign) as never) as Foreign['dispatch'];
    const response = await createFetch({ dispatcher: { dispatch }, retry: false })(server.url);
    expect(await response.json()).toMatchObject({ ok: true });
    expect(server.requests).toHaveLength(2);
  });
});
