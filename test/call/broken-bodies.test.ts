import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createFetch, type Events, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const rules: Options = { retry: false, breaker: { minimum: 20 }, timeout: { idle: 50 }, patience: 0 };

/** Gets an answer and reads it. Rejects if its body breaks off. */
type Read = (url: string) => Promise<unknown>;

/** A client, and the changes of its breaker. */
interface Client {
  readonly read: Read;
  /** Makes a call and does not read the body. */
  readonly leave: Read;
  readonly state: (scope: string) => string | undefined;
}

const clients: Record<string, () => Client> = {
  createFetch() {
    const api = createFetch(rules);
    return {
      read: async (url) => (await api(url)).text(),
      leave: async (url) => (await api(url)).body?.cancel(),
      state: (scope) => api.breakers.get(scope)?.state,
    };
  },
  'the interceptor'() {
    const guard = resilience(rules);
    const agent = new Agent();
    onTestFinished(() => agent.destroy());
    const dispatcher = agent.compose(guard);
    return {
      read: async (url) => (await request(url, { dispatcher })).body.text(),
      leave: async (url) => (await request(url, { dispatcher })).body.on('error', () => {}).destroy(),
      state: (scope) => guard.breakers.get(scope)?.state,
    };
  },
};

const broken: [string, Fault][] = [
  ['is reset', { kind: 'cut', at: 'body', how: 'reset' }],
  ['ends too early', { kind: 'cut', at: 'body', how: 'close' }],
  ['falls silent', { kind: 'cut', at: 'body', how: 'stall' }],
];

describe.each(Object.entries(clients))('a body that breaks off, through %s,', (_name, make) => {
  test.each(broken)('opens the breaker when it %s, like any other failure', async (_how, fault) => {
    await using server = await startFaultServer({ fault: () => fault });
    const { read, state } = make();
    let failed = 0;
    for (let i = 0; i < 20; i++) await read(server.url).catch(() => failed++);
    await vi.waitFor(() => expect(state(server.url)).toBe('open'));
    expect(failed).toBe(20);
  });

  test('is no failure when its reader leaves it', async () => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'answer', status: 200, bytes: 1_000_000 }),
    });
    const { leave, read, state } = make();
    for (let i = 0; i < 40; i++) await leave(server.url);
    await read(server.url);
    expect(state(server.url)).toBe('closed');
  });
});

describe('a body that the owner of the dispatcher ends', () => {
  test.each([0, 65_536])('by a limit is no failure of the service (buffer: %i)', async (buffer) => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'answer', status: 200, bytes: 50_000 }),
    });
    const dispatcher = new Agent({ maxResponseSize: 10_000 });
    onTestFinished(() => dispatcher.destroy());
    const api = createFetch({ ...rules, dispatcher, buffer: buffer || false });
    for (let i = 0; i < 20; i++) {
      const reading = async () => (await api(server.url)).text();
      expect(await errorOf(reading())).toMatchObject({ cause: { code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' } });
    }
    expect(api.breakers.get(server.url)?.state).toBe('closed');
  });

  test('by ending the dispatcher is no failure of the service', async () => {
    await using server = await startFaultServer({ fault: () => ({ kind: 'cut', at: 'body', how: 'stall' }) });
    const dispatcher = new Agent();
    const api = createFetch({ ...rules, timeout: false, dispatcher });
    const ends: Events['body']['end'][] = [];
    api.on('body', ({ end }) => ends.push(end));
    const responses = await Promise.all(Array.from({ length: 20 }, () => api(server.url)));
    await dispatcher.destroy();
    for (const response of responses) expect(await errorOf(response.text())).toBeInstanceOf(TypeError);
    expect(ends).toEqual(Array(20).fill('cancelled'));
    expect(api.breakers.get(server.url)?.state).toBe('closed');
  });
});

test('an error answer whose body breaks off is one failure, and not two', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'body', how: 'reset', answer: { status: 500 } }),
  });
  const api = createFetch({ ...rules, breaker: { minimum: 4 } });
  const ends: Events['body']['end'][] = [];
  api.on('body', ({ end }) => ends.push(end));
  for (let i = 0; i < 3; i++) await (await api(server.url)).text().catch(() => {});
  expect(ends).toEqual(['network', 'network', 'network']);
  expect(api.breakers.get(server.url)?.state).toBe('closed');
});
