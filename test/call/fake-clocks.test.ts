import { mock } from 'node:test';
import FakeTimers from '@sinonjs/fake-timers';
import { afterEach, describe, expect, test } from 'vitest';
import { createFetch, type FetchLike, type Options } from '../../src/index.ts';

// The usual tools for tests that fake time. Some do not fake the monotonic clock; some count the timers that are left.

interface FakeClock {
  tick(ms: number): void;
  restore(): void;
}

const sinon = (toFake: FakeTimers.FakeMethod[]): FakeClock => {
  const clock = FakeTimers.install({ toFake });
  return { tick: (ms) => clock.tick(ms), restore: () => clock.uninstall() };
};
const clocks: Record<string, () => FakeClock> = {
  'node:test': () => {
    mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'] });
    return { tick: (ms) => mock.timers.tick(ms), restore: () => mock.timers.reset() };
  },
  'node:test, setTimeout alone': () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    return { tick: (ms) => mock.timers.tick(ms), restore: () => mock.timers.reset() };
  },
  'sinon with everything': () =>
    sinon(['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'performance']),
  'sinon without performance': () =>
    sinon(['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date']),
};

let restore: (() => void) | undefined;
afterEach(() => restore?.());

const realImmediate = setImmediate;
const settled = () => new Promise<void>((resolve) => realImmediate(() => resolve()));

/** The number of calls. */
function counted(fetch: FetchLike): FetchLike & { calls: number } {
  const counting = Object.assign(
    ((...args) => {
      counting.calls++;
      return fetch(...args);
    }) as FetchLike,
    { calls: 0 },
  );
  return counting;
}

const silence: FetchLike = () => new Promise(() => {});

describe.each(Object.entries(clocks))(
  'under the fake timers of %s, a timer that fires is believed',
  (_name, fake) => {
    async function ticks(clock: FakeClock, seconds: number): Promise<void> {
      for (let second = 0; second < seconds; second++) {
        clock.tick(1_000);
        await settled();
      }
    }

    test('an attempt times out, when its time has passed', async () => {
      const clock = fake();
      restore = clock.restore;
      let error: unknown;
      createFetch({ fetch: silence, timeout: { attempt: 10_000 }, retry: false })('http://x.example/').catch(
        (reason) => {
          error = reason;
        },
      );
      await ticks(clock, 9);
      expect(error).toBeUndefined();
      await ticks(clock, 2);
      expect(error).toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
    });

    test('the total deadline counts over all attempts and pauses', async () => {
      const clock = fake();
      restore = clock.restore;
      const fetch = counted(silence);
      let error: unknown;
      const timeout = { attempt: 10_000, total: 25_000 };
      createFetch({ fetch, timeout, retry: { base: 1_000, cap: 1_000 } })('http://x.example/').catch(
        (reason) => {
          error = reason;
        },
      );
      await ticks(clock, 22);
      expect(error).toBeUndefined();
      // A mocked immediate waits for the next tick.
      await ticks(clock, 12);
      expect(error).toMatchObject({ name: 'TimeoutError', phase: 'total' });
      expect(fetch.calls).toBe(3);
    });

    test('the patience of a call that waits for an open breaker ends, and so does its place in a line', async () => {
      const clock = fake();
      restore = clock.restore;
      const names: string[] = [];
      const waits = (options: Options, fetch: FetchLike) => {
        const api = createFetch({ fetch, retry: false, patience: 3_000, ...options });
        for (let call = 0; call < 2; call++) {
          api('http://x.example/').catch(({ name }: Error) => names.push(name));
        }
      };
      const never = { window: 60_000, cooldown: 30_000, maxCooldown: 30_000 };
      waits({ breaker: { minimum: 1, ...never }, limit: { concurrency: 1 } }, async () => {
        throw new TypeError('the network is down');
      });
      waits({ limit: { concurrency: 1 } }, silence);
      await ticks(clock, 5);
      expect(names.sort()).toEqual(['BreakerOpenError', 'LimitError', 'TypeError']);
    });
  },
);

describe('nothing is left in a fake clock', () => {
  const answers: Record<string, () => Response> = {
    'without a body': () => new Response(null, { status: 204 }),
    'whose body nobody reads': () => new Response('text'),
    'that is an error': () => new Response('text', { status: 400 }),
  };
  const inputs: Record<string, () => [string | Request, RequestInit?]> = {
    'a URL': () => ['http://x.example/'],
    'a Request with a body': () => [new Request('http://x.example/', { method: 'POST', body: 'hello' })],
    'a Request with a form': () => {
      const form = new FormData();
      form.append('a', 'b');
      return [new Request('http://x.example/', { method: 'POST', body: form })];
    },
    'a text': () => ['http://x.example/', { method: 'POST', body: 'x' }],
  };
  const rows = Object.keys(answers).flatMap((answer) =>
    Object.keys(inputs).map((input) => [input, answer] as const),
  );

  test.each(rows)('after a call with %s and an answer %s', async (input, answer) => {
    const clock = FakeTimers.install({
      toFake: [
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'setImmediate',
        'clearImmediate',
        'Date',
        'performance',
      ],
    });
    restore = () => clock.uninstall();
    const api = createFetch({ fetch: async () => (answers[answer] as () => Response)() });
    const [url, init] = (inputs[input] as () => [string | Request, RequestInit?])();
    await api(url as string, init as object);
    expect(clock.countTimers()).toBe(0);
  });

  test('after a call that failed, and one that was aborted', async () => {
    const clock = FakeTimers.install({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'],
    });
    restore = () => clock.uninstall();
    const failing = createFetch({ fetch: () => Promise.reject(new TypeError('fetch failed')), retry: false });
    await failing('http://x.example/').catch(() => {});
    const stop = new AbortController();
    const call = createFetch({ fetch: silence })('http://x.example/', { signal: stop.signal }).catch(
      () => {},
    );
    stop.abort();
    await call;
    expect(clock.countTimers()).toBe(0);
  });
});
