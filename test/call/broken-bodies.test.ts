import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createFetch, type Events, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
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

test.each<[what: string, buffer: number | false]>([
  ['read as a stream', false],
  ['read as a part of the attempt', 1_000_000],
])(
  'a body above the dispatcher’s own maxResponseSize is no failure of the service: %s',
  async (_how, buffer) => {
    await using server = await startFaultServer({
      fault: () => ({ kind: 'answer', status: 200, bytes: 100_000 }),
    });
    const dispatcher = new Agent({ maxResponseSize: 1_000 });
    onTestFinished(() => dispatcher.destroy());
    const api = createFetch({ ...rules, buffer, dispatcher });
    for (let i = 0; i < 25; i++) {
      const read = async () => (await api(server.url)).text();
      await expect(read()).rejects.toThrow(buffer ? 'fetch failed' : 'terminated');
    }
    expect(api.breakers.get(server.url)?.state).toBe('closed');
  },
);
