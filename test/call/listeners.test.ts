import { describe, expect, test, vi } from 'vitest';
import * as ids from '../../src/call/call-id.ts';
import { callReport, createFetch, type Events, type Options } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

vi.mock('../../src/call/call-id.ts', async (original) => {
  const actual = await original<typeof ids>();
  return { callId: vi.fn(actual.callId) };
});

const unavailable: Fault = { kind: 'answer', status: 503 };
const quick: Options = { retry: { base: 1, cap: 2 }, patience: 0 };
const names: readonly (keyof Events)[] = ['attempt', 'retry', 'settled', 'breaker', 'budget'];

describe('a listener', () => {
  test.each<[string, () => void]>([
    [
      'throws',
      () => {
        throw new Error('a mistake');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a mistake'))],
    [
      'throws what is no error',
      () => {
        throw 'a mistake';
      },
    ],
  ])('that %s becomes a warning on the process, and the call goes on', async (_how, mistake) => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const heard: string[] = [];
    const api = createFetch({ ...quick, breaker: { minimum: 2 }, budget: { ratio: 0, reserve: 100 } });
    for (const name of names) {
      api.on(name, mistake);
      api.on(name, () => heard.push(name));
    }
    const response = await api(server.url);
    expect(callReport(response)).toMatchObject({
      stopped: 'breaker',
      attempts: [{ number: 1 }, { number: 2 }],
    });
    expect(heard).toEqual(['attempt', 'retry', 'breaker', 'attempt', 'settled']);
    await vi.waitFor(() => expect(warn.mock.calls).toEqual(heard.map(() => [new Error('a mistake')])));
    warn.mockRestore();
    expect(server.requests).toHaveLength(2);
  });

  test('can be taken off again, and once is enough', async () => {
    await using server = await startFaultServer();
    const api = createFetch();
    const [stays, goes] = [vi.fn(), vi.fn()];
    api.on('settled', stays);
    const off = api.on('settled', goes);
    await api(server.url);
    off();
    off();
    await api(server.url);
    expect([stays, goes].map(({ mock }) => mock.calls.length)).toEqual([2, 1]);
  });

  test('that takes itself off while it is told keeps the others from nothing', async () => {
    await using server = await startFaultServer();
    const api = createFetch();
    const other = vi.fn();
    const off = api.on('settled', () => off());
    api.on('settled', other);
    await api(server.url);
    await api(server.url);
    expect(other).toHaveBeenCalledTimes(2);
  });

  test('may listen twice, and each off takes one of them away', async () => {
    await using server = await startFaultServer();
    const api = createFetch();
    const listener = vi.fn();
    const offs = [api.on('settled', listener), api.on('settled', listener)];
    const callsAfter = async () => {
      listener.mockClear();
      await api(server.url);
      return listener.mock.calls.length;
    };
    expect(await callsAfter()).toBe(2);
    offs[0]?.();
    expect(await callsAfter()).toBe(1);
    offs[1]?.();
    expect(await callsAfter()).toBe(0);
  });

  test('hears of the calls of all clients that were extended from one another', async () => {
    await using server = await startFaultServer();
    const parent = createFetch();
    const child = parent.extend({ timeout: { attempt: 1_000 } });
    const heard: string[] = [];
    parent.on('settled', ({ url }) => heard.push(`parent: ${new URL(url).pathname}`));
    const off = child.on('settled', ({ url }) => heard.push(`child: ${new URL(url).pathname}`));
    await parent(`${server.url}/a`);
    await child(`${server.url}/b`);
    off();
    await child(`${server.url}/c`);
    expect(heard).toEqual(['parent: /a', 'child: /a', 'parent: /b', 'child: /b', 'parent: /c']);
    createFetch().on('settled', () => heard.push('a stranger'));
    await parent(server.url);
    expect(heard).not.toContain('a stranger');
  });

  test('for an event that there is not is a TypeError that names those there are', () => {
    const on = createFetch().on as (name: string, listener: unknown) => void;
    expect(() => on('retries', () => {})).toThrow(
      new TypeError(
        'there is no event "retries"; the events are queued, rejected, attempt-start, breaker, attempt, budget, retry, settled, body, forgotten, update',
      ),
    );
    expect(() => on('toString', () => {})).toThrow(TypeError);
    expect(() => on('retry', 'log')).toThrow(new TypeError('the listener must be a function, got string'));
  });
});

describe('where nobody listens', () => {
  test('no event is built: a call gets its id when somebody asks for it', async () => {
    await using server = await startFaultServer({ fault: () => unavailable });
    const made = vi.mocked(ids.callId);
    const api = createFetch({ ...quick, breaker: { minimum: 2 }, budget: { ratio: 0, reserve: 1 } });
    api.on('retry', () => {})();

    made.mockClear();
    const response = await api(server.url);
    expect(response.status).toBe(503);
    expect(made).not.toHaveBeenCalled();
    const id = callReport(response)?.id;
    expect(made).toHaveBeenCalledTimes(1);
    expect(made).toHaveReturnedWith(id);
  });

  test.each(['attempt', 'retry', 'settled', 'budget'] as const)(
    'an id is made for %s when somebody does',
    async (name) => {
      await using server = await startFaultServer({ fault: () => unavailable });
      const api = createFetch({ ...quick, breaker: false, budget: { ratio: 0, reserve: 1 } });
      const made = vi.mocked(ids.callId);
      made.mockClear();
      const heard: string[] = [];
      api.on(name, ({ id }) => heard.push(id));
      await api(server.url);
      expect(made).toHaveBeenCalledTimes(1);
      expect(new Set(heard)).toEqual(new Set([made.mock.results[0]?.value]));
    },
  );
});

test('a listener that rewrites what it is shown changes nothing: an unsafe call is not repeated', async () => {
  await using server = await startFaultServer({
    honourKeys: false,
    fault: () => ({ kind: 'cut', at: 'booked', how: 'reset' }),
  });
  const api = createFetch({ idempotency: false, retry: { base: 1, cap: 1 } });
  api.on('attempt', ({ attempt }) => Object.assign(attempt, { delivery: 'not-sent' }));
  api.on('settled', (report) => Object.assign(report, { stopped: 'success', attempts: [] }));
  const error = await api(server.url, { method: 'POST', body: 'x' }).catch((thrown: unknown) => thrown);
  expect(callReport(error)).toMatchObject({ stopped: 'unsafe', delivery: 'unknown' });
  expect(callReport(error)?.attempts).toMatchObject([{ delivery: 'unknown' }]);
  expect(server.effects('x')).toBe(1);
});

test('a listener that throws what cannot be made a string becomes a warning all the same', async () => {
  await using server = await startFaultServer();
  const warned = new Promise((resolve) => process.once('warning', resolve));
  const api = createFetch();
  api.on('attempt', () => {
    throw Object.create(null);
  });
  expect((await api(server.url)).status).toBe(200);
  expect(await warned).toBeInstanceOf(Error);
});
