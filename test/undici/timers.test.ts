import { Agent, type Dispatcher, request } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type ResilienceOptions, resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { AttemptTimers, far } from '../transport/attempt-timers.ts';

let timers: AttemptTimers;
let agent: Agent;
beforeEach(() => {
  timers = new AttemptTimers();
  agent = new Agent({ keepAliveTimeout: 10 });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await agent.destroy();
});

interface Path {
  readonly faults?: readonly Fault[];
  readonly options?: ResilienceOptions;
  readonly signal?: () => AbortSignal;
  readonly use?: (response: Dispatcher.ResponseData) => unknown;
}

const read = ({ body }: Dispatcher.ResponseData) => body.dump();
const long: Fault = { kind: 'answer', status: 503, bytes: 2 ** 20 };
const stalled: Fault = { kind: 'cut', at: 'body', how: 'stall', answer: { status: 503, bytes: 1_000 } };

const paths: Readonly<Record<string, Path>> = {
  'a body that is read': {},
  'a body that is buffered': { options: { buffer: 1_000 } },
  'a short answer that nobody wants': { faults: [{ kind: 'answer', status: 503 }] },
  'a long answer that nobody wants': { faults: [long] },
  'an answer that nobody wants and that never ends': { faults: [stalled] },
  'a reset': { faults: [{ kind: 'cut', at: 'request', how: 'reset' }] },
  'a body that breaks': {
    faults: [{ kind: 'cut', at: 'body', how: 'reset' }],
    use: ({ body }) => errorOf(body.text()),
  },
  'a body that its reader destroys': {
    faults: [{ kind: 'answer', status: 200, bytes: 2 ** 20 }],
    use: ({ body }) => body.on('error', () => {}).destroy(),
  },
  'an abort during the attempt': {
    faults: [{ kind: 'cut', at: 'request', how: 'stall' }],
    signal: () => AbortSignal.timeout(50),
  },
};

test.each(Object.entries(paths))(
  'one timer at a time, and none after %s',
  async (_path, { faults = [], ...path }) => {
    await using server = await startFaultServer({ faults });
    const guard = resilience({ timeout: far, retry: { attempts: 2, base: 1, cap: 1 }, ...path.options });
    const { use = read, signal } = path;
    const init = { dispatcher: agent.compose(guard), ...(signal && { signal: signal() }) };
    await request(server.url, init).then(use, () => {});
    await eventually(() => expect(timers.alive.size).toBe(0));
    expect(timers.set).toBeGreaterThan(0);
    expect(timers.most).toBe(1);
  },
);

test('a handler that throws leaves no timer', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 200, bytes: 2 ** 20 }] });
  const dispatcher = agent.compose(resilience({ timeout: far }));
  const error = await new Promise((resolve) => {
    const handler = {
      onRequestStart() {},
      onResponseStart() {
        throw new Error('a bug in the handler');
      },
      onResponseError: (_controller: unknown, error: Error) => resolve(error),
    };
    dispatcher.dispatch({ origin: server.url, path: '/', method: 'GET' }, handler);
  });
  expect(error).toMatchObject({ message: 'a bug in the handler' });
  await eventually(() => expect(timers.alive.size).toBe(0));
});
