import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { Admission } from '../../src/guard/admission.ts';
import type { Refusal } from '../../src/guard/guard.ts';
import { Pace } from '../../src/guard/pace.ts';
import { WaitingRoom } from '../../src/guard/waiting-room.ts';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { Random } from '../../src/lab/random.ts';
import { systemRuntime } from '../../src/platform/runtime.ts';
import { listen } from '../support/listen.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const url = 'http://service.test/';
const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('a room', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const shut: Refusal = { by: 'breaker', until: Number.POSITIVE_INFINITY, isFixed: false };

  function setup() {
    const runtime = { ...systemRuntime, random: () => 0.5 };
    const pace = new Pace(runtime.now());
    const room = new WaitingRoom(runtime, pace);
    const door = { isOpen: false, refusal: shut };
    const out: string[] = [];
    const visit = (
      name: string,
      {
        isRetry = false as boolean,
        number = (isRetry ? 2 : 1) as number,
        patience = 10_000,
        isProbe = false,
        since = Number.POSITIVE_INFINITY,
        isItsOwn = false,
        signal = undefined as AbortSignal | undefined,
      } = {},
    ) =>
      room
        .wait(
          {
            number,
            isAfterTimeout: false,
            priority: 0,
            until: runtime.now() + patience,
            signal,
            isFree: () => door.isOpen,
            isProbe: () => isProbe,
            enter: (now) => {
              if (!door.isOpen) return door.refusal;
              pace.sent(now, room.size > 0);
              return new Admission([], [], '/');
            },
          },
          { since, isItsOwn },
        )
        .then((answer) => {
          const how =
            answer === undefined ? ' in vain' : answer instanceof Admission ? '' : ` on to the ${answer.by}`;
          out.push(`${name}${how}`);
        });
    return { room, pace, door, out, visit };
  }

  test('lets calls out in the order in which they came, retries and first attempts in turn', async () => {
    const { room, door, out, visit } = setup();
    for (const name of ['a', 'b', 'c']) void visit(name);
    void visit('retry', { isRetry: true });
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(out).toEqual(['retry', 'a', 'b', 'c']);
  });

  test('lets them out one by one, no faster than the pace', async () => {
    const { room, door, out, visit } = setup();
    for (const name of ['a', 'b', 'c']) void visit(name);
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(0);
    expect(out).toEqual(['a']);
    // The slowest pace there is: 1.3 times half a call a second.
    await vi.advanceTimersByTimeAsync(1_550);
    expect(out).toEqual(['a', 'b']);
  });

  test('lets out together what usually comes in half a second: that is no crowd', async () => {
    const { room, pace, door, out, visit } = setup();
    for (let i = 0; i < 100; i++) {
      pace.count(systemRuntime.now(), false);
      await vi.advanceTimersByTimeAsync(50);
    }
    for (let i = 0; i < 16; i++) void visit(`${i}`);
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(0);
    const atOnce = out.length;
    await vi.advanceTimersByTimeAsync(1_000);
    // Twenty calls a second: the first ones go at the pace, until ten are left.
    expect([atOnce, out.length]).toEqual([2, 16]);
  });

  test('keeps a call for 2.5 s once one in ten waited in vain: a longer queue gets no more of them out', async () => {
    const { pace, out, visit } = setup();
    for (let i = 0; i < 100; i++) pace.count(systemRuntime.now(), false);
    for (let i = 0; i < 10; i++) void visit(`early ${i}`, { patience: 1_000 });
    await vi.advanceTimersByTimeAsync(900);
    void visit('before', { patience: 30_000 });
    await vi.advanceTimersByTimeAsync(100);
    void visit('after', { patience: 30_000 });
    await vi.advanceTimersByTimeAsync(2_500);
    expect(out.slice(10)).toEqual(['after in vain']);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(out.slice(10)).toEqual(['after in vain', 'before in vain']);
  });

  test('keeps calls as before once more of them get out; and in an outage, whose end lets all of them out', async () => {
    const { room, pace, door, out, visit } = setup();
    for (let i = 0; i < 300; i++) pace.count(systemRuntime.now(), false);
    await vi.advanceTimersByTimeAsync(10_000);
    for (let i = 0; i < 10; i++) void visit(`early ${i}`, { patience: 1_000 });
    for (let i = 0; i < 60; i++) void visit(`${i}`, { patience: 30_000 });
    await vi.advanceTimersByTimeAsync(1_000);
    void visit('in an outage', { patience: 30_000, since: systemRuntime.now() });
    door.isOpen = true;
    room.pump();
    while (out.length < 50) await vi.advanceTimersByTimeAsync(1);
    door.isOpen = false;
    void visit('later', { patience: 30_000 });
    await vi.advanceTimersByTimeAsync(20_000);
    expect(out).not.toContain('in an outage in vain');
    expect(out).not.toContain('later in vain');
    await vi.advanceTimersByTimeAsync(30_000);
    expect(out).toContain('later in vain');
  });

  test('that was empty meanwhile has forgotten it; and calls that wait for a probe do not count', async () => {
    for (const isProbe of [false, true]) {
      const { pace, out, visit } = setup();
      for (let i = 0; i < 100; i++) pace.count(systemRuntime.now(), false);
      for (let i = 0; i < 10; i++) void visit(`early ${i}`, { patience: 1_000, isProbe });
      if (isProbe) void visit('stays', { patience: 30_000 });
      await vi.advanceTimersByTimeAsync(1_000);
      void visit('after', { patience: 9_000 });
      await vi.advanceTimersByTimeAsync(8_000);
      expect(out).toHaveLength(10);
      await vi.advanceTimersByTimeAsync(30_000);
    }
  });

  test('keeps to the rate from before the trouble: callers that wait make no other calls', async () => {
    const { room, pace, door, out, visit } = setup();
    for (let i = 0; i < 200; i++) {
      pace.count(systemRuntime.now(), false);
      await vi.advanceTimersByTimeAsync(50);
    }
    for (let i = 0; i < 20; i++) void visit(`${i}`, { patience: 60_000 });
    await vi.advanceTimersByTimeAsync(30_000);
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(out).toHaveLength(20);
  });

  test('has room for 20,000 calls, and turns away the next one at once', async () => {
    const { room, out, visit } = setup();
    for (let n = 0; n < 20_000; n++) void visit('waiting');
    await visit('one more');
    expect(room.size).toBe(20_000);
    expect(out).toEqual(['one more in vain']);
  });

  test('sends calls on that nothing but a quota holds back, all at once: it has few places', async () => {
    const { room, door, out, visit } = setup();
    for (const name of ['a', 'b']) void visit(name);
    void visit('c', { isRetry: true });
    door.refusal = { by: 'quota', until: 60_000, isFixed: false };
    room.pump();
    await vi.advanceTimersByTimeAsync(0);
    expect(out.toSorted()).toEqual(['a on to the quota', 'b on to the quota', 'c on to the quota']);
    expect(room.size).toBe(0);
  });

  test('sends a call away when its patience is over, and keeps the others', async () => {
    const { out, visit } = setup();
    void visit('hasty', { patience: 1_000 });
    void visit('patient', { patience: 5_000 });
    await vi.advanceTimersByTimeAsync(1_030);
    expect(out).toEqual(['hasty in vain']);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(out).toEqual(['hasty in vain', 'patient in vain']);
  });

  test('lets an aborted call go at once, at no cost to the others', async () => {
    const { out, visit } = setup();
    const controller = new AbortController();
    void visit('aborted', { signal: controller.signal });
    void visit('other', { patience: 1_000 });
    controller.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(out).toEqual(['aborted in vain']);
    await vi.advanceTimersByTimeAsync(1_030);
    expect(out).toEqual(['aborted in vain', 'other in vain']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('has few places where calls are few: who finds none stands for two and a half seconds', async () => {
    const { out, visit } = setup();
    for (const name of ['a', 'b', 'c', 'standing']) void visit(name);
    await vi.advanceTimersByTimeAsync(2_550);
    expect(out).toEqual(['standing in vain']);
  });

  test('in old trouble gives one call in three a place: the others need not wait for nothing', async () => {
    const { out, visit } = setup();
    const since = systemRuntime.now() - 12_001;
    // Old is what has lasted two fifths of the time that the call would wait.
    const come = () => ['a', 'b', 'c'].map((name) => visit(name, { since, patience: 30_000 }));
    come();
    await vi.advanceTimersByTimeAsync(2_550);
    expect(out).toEqual(['b in vain', 'c in vain']);
    come();
    await vi.advanceTimersByTimeAsync(2_550);
    expect(out).toEqual(['b in vain', 'c in vain', 'b in vain', 'c in vain']);
  });

  test('calls trouble old by the time that the call would wait: who has more patience gets a place', async () => {
    const { out, visit } = setup();
    const since = systemRuntime.now() - 12_001;
    for (const name of ['a', 'b', 'c']) void visit(name, { since, patience: 300_000 });
    await vi.advanceTimersByTimeAsync(12_000);
    expect(out).toEqual([]);
  });

  test('keeps a call that stands once the queue moves: it waits for its turn only', async () => {
    const { room, door, out, visit } = setup();
    for (const name of ['a', 'b', 'c', 'standing']) void visit(name);
    await vi.advanceTimersByTimeAsync(2_000);
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(out).toEqual(['a', 'b', 'c', 'standing']);
  });

  test('sends a call away that stands when the queue moved and has come to a stop again', async () => {
    const { room, door, out, visit } = setup();
    for (const name of ['a', 'b', 'c', 'standing']) void visit(name);
    await vi.advanceTimersByTimeAsync(2_000);
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(550);
    door.isOpen = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(out).toEqual(['a', 'standing in vain']);
  });

  test('where other endpoints answer, a call to one in old trouble stands for a moment, and none gets a place', async () => {
    const { out, visit } = setup();
    const since = systemRuntime.now() - 20_000;
    for (const name of ['a', 'b', 'c']) void visit(name, { since, isItsOwn: true });
    await vi.advanceTimersByTimeAsync(2_550);
    expect(out).toHaveLength(3);
  });

  test('of calls with as many attempts, the probe is the one with the most time left', async () => {
    const { room, door, out, visit } = setup();
    const calls: [string, number][] = [
      ['near its end', 500],
      ['latest', 9_000],
      ['between', 5_000],
    ];
    for (const [name, patience] of calls) void visit(name, { isProbe: true, patience });
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(0);
    expect(out).toEqual(['latest']);
  });

  test('sends the call as a probe that has the most attempts left', async () => {
    const { room, door, out, visit } = setup();
    for (const number of [4, 3, 2]) void visit(`attempt ${number}`, { number, isProbe: true });
    door.isOpen = true;
    room.pump();
    await vi.advanceTimersByTimeAsync(0);
    expect(out).toEqual(['attempt 2']);
  });

  test('takes nobody whose time is over', async () => {
    const { out, visit } = setup();
    await visit('late', { patience: 0 });
    expect(out).toEqual(['late in vain']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

/** After one failure the breaker is open, and is not probed for long. */
const PATIENT = {
  retry: false,
  breaker: { minimum: 1, cooldown: 20_000 },
  timeout: { total: 60_000 },
} as const;

/** A client whose breaker is open. */
async function openClient() {
  let sends = 0;
  const fetch = async () => {
    sends++;
    return new Response(null, { status: 503 });
  };
  const api = createFetch({ fetch, ...PATIENT });
  await api(url);
  return { api, sends: () => sends };
}

test('ten thousand waiting calls cost less than two kilobytes each, one timer for all, and no socket', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  let sends = 0;
  const server = createServer((_request, response) => {
    sends++;
    response.writeHead(503, { connection: 'close' }).end();
  });
  const url = await listen(server);
  // A `fetch` of one's own costs 0.5 kB more: async context, which tells whether it calls the client again.
  const api = createFetch(PATIENT);
  await (await api(url)).text();
  await promisify(server.close.bind(server))();
  const before = timers();
  collectGarbage();
  const empty = process.memoryUsage().heapUsed;
  const calls = Array.from({ length: 10_000 }, () => api(url).catch((error: Error) => error.name));
  await new Promise(setImmediate);
  collectGarbage();
  expect((process.memoryUsage().heapUsed - empty) / 10_000).toBeLessThanOrEqual(2_048);
  expect(timers() - before).toBeLessThanOrEqual(1);
  expect(sends).toBe(1);
  api.breakers.isolate(url);
  expect(new Set(await Promise.all(calls))).toEqual(new Set(['BreakerOpenError']));
  expect(timers()).toBeLessThanOrEqual(before);
}, 30_000);

test('a loop that calls an open breaker again and again does not spin', async () => {
  vi.useFakeTimers();
  try {
    let sends = 0;
    const fetch = async () => {
      sends++;
      return new Response(null, { status: 503 });
    };
    const api = createFetch({ fetch, retry: false });
    let [calls, over] = [0, false];
    const loop = (async () => {
      while (!over) {
        calls++;
        await api(url).catch(() => {});
        // Each answer takes a turn, as any real one does.
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
    await vi.advanceTimersByTimeAsync(10_000);
    over = true;
    await vi.advanceTimersByTimeAsync(60_000);
    await loop;
    expect(calls).toBeLessThan(60);
    expect(sends).toBeLessThan(60);
  } finally {
    vi.useRealTimers();
  }
});

test.each<[what: string, options: Options]>([
  ['an isolated breaker', {}],
  ['a full limit without a queue', { limit: { concurrency: 1, queue: 0 } }],
  ['a fallback that answers at once', { fallback: () => new Response('instead') }],
])('a loop of refused calls does not hold the event loop: %s', async (_, options) => {
  const never = new AbortController();
  const fetch = () => new Promise<Response>(() => {});
  const api = createFetch({ ...options, fetch });
  const underWay = api(url, { signal: never.signal }).catch(() => {});
  if (options.limit === undefined) api.breakers.isolate('http://service.test');
  let isHeard = false;
  setTimeout(() => {
    isHeard = true;
  });
  let calls = 0;
  for (; calls < 100_000 && !isHeard; calls++) await api(url).catch(() => {});
  expect(isHeard).toBe(true);
  never.abort();
  await underWay;
});

test('with patience: 0 a call fails at once, as with no room at all', async () => {
  const { api } = await openClient();
  await expect(api(url, { policy: { patience: 0 } })).rejects.toMatchObject({ name: 'BreakerOpenError' });
});

test('isolating a scope by hand sends everybody away who waits there; restoring it lets them go', async () => {
  vi.useFakeTimers();
  try {
    const statuses = [503];
    const fetch = async () => new Response(null, { status: statuses.shift() ?? 200 });
    const api = createFetch({ fetch, retry: false, breaker: { minimum: 1, cooldown: 20_000 } });
    await api(url);
    const waiting = api(url).catch((error: Error) => error.name);
    await vi.advanceTimersByTimeAsync(1_000);
    api.breakers.isolate('http://service.test');
    expect(await waiting).toBe('BreakerOpenError');
    api.breakers.restore('http://service.test');
    expect((await api(url)).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test('the second test behaves like the first without a reset, where retries ended the trouble of the first', async () => {
  let hits = 0;
  const fetch = async () => new Response(null, { status: ++hits % 3 === 0 ? 200 : 503 });
  const api = createClient({ fetch, retry: { base: 0, cap: 0 }, patience: 0 }, new ManualRuntime());
  for (let i = 0; i < 10; i++) {
    const response = await api(url);
    expect([response.status, callReport(response)?.attempts.length]).toEqual([200, 3]);
  }
});

test('reset: the second test behaves like the first', async () => {
  let hits = 0;
  const fetch = async () => new Response(null, { status: ++hits % 3 === 0 ? 200 : 503 });
  const api = createClient({ fetch, retry: { base: 0, cap: 0 }, patience: 0 }, new ManualRuntime());
  for (let i = 0; i < 3; i++) {
    const response = await api(url);
    expect([response.status, callReport(response)?.attempts.length]).toEqual([200, 3]);
    api.breakers.isolate('http://service.test');
    api.reset();
  }
});

/** Ends with an abort, as a `fetch` that gets no answer. */
function until(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** No status: the connection is reset, or nothing ever comes. */
const RESET = 0;
const SILENCE = -1;

// The heart of it: trouble that good answers could end is never for ever.
test('from whatever breaker and budget have been through, good answers bring every call through', async () => {
  const step = fc.record({
    wait: fc.nat(15_000),
    status: fc.constantFrom(200, 503, 429, RESET, SILENCE),
    calls: fc.integer({ min: 1, max: 15 }),
    isAborted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.boolean(),
      fc.nat(),
      async (history, isEveryFirstBad, seed) => {
        vi.useFakeTimers();
        try {
          let answer: (attempt: string | undefined) => number = () => 200;
          const seen = new Set<string>();
          const fetch: typeof globalThis.fetch = async (input, init) => {
            const status = answer(String(input));
            if (status === SILENCE) return await until(init?.signal);
            if (status === RESET)
              throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
            return new Response(null, { status, ...(status === 429 && { headers: { 'retry-after': '1' } }) });
          };
          const api = createClient({ fetch }, { ...systemRuntime, random: new Random(seed).next });
          let number = 0;
          const call = (signal?: AbortSignal) =>
            api(`${url}${number++}`, { ...(signal && { signal }) }).then(
              ({ ok }) => ok,
              () => false,
            );
          for (const { wait, status, calls, isAborted } of history) {
            answer = () => status;
            const caller = new AbortController();
            for (let i = 0; i < calls; i++) void call(caller.signal);
            await vi.advanceTimersByTimeAsync(wait);
            if (isAborted) caller.abort();
          }
          // From now on the service is well; or well for every call's second attempt.
          answer = (input = '') => {
            if (!isEveryFirstBad || seen.has(input)) return 200;
            seen.add(input);
            return 503;
          };
          // What is left of the past goes first; and where no answer was there for long, a loan may be minutes away.
          await vi.advanceTimersByTimeAsync(isEveryFirstBad ? 300_000 : 60_000);
          for (let i = 0; i < (isEveryFirstBad ? 3 : 0); i++) {
            void call();
            await vi.advanceTimersByTimeAsync(120_000);
          }
          const results: boolean[] = [];
          for (let i = 0; i < 5; i++) {
            void call().then((ok) => results.push(ok));
            await vi.advanceTimersByTimeAsync(35_000);
          }
          expect(results).toEqual([true, true, true, true, true]);
        } finally {
          vi.useRealTimers();
        }
      },
    ),
    { numRuns: 80 },
  );
}, 60_000);

// Workers that make one call after another bring no answer while they wait: what holds all of them back would hold them for ever.
test('workers whose attempts fail by chance are never all kept waiting, whatever breaker and budget have been through', async () => {
  const trouble = fc.record({ failure: fc.constantFrom(0.2, 0.8, 1), seconds: fc.nat(40) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(trouble, { maxLength: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(0.1, 0.3, 0.5),
      fc.integer({ min: 1, max: 1_000 }),
      async (history, workers, failure, seed) => {
        vi.useFakeTimers();
        try {
          let share = 0;
          const chance = new Random(seed);
          const fetch = async () => {
            await new Promise((resolve) => setTimeout(resolve, 200));
            return new Response(null, { status: chance.next() < share ? 503 : 200 });
          };
          const api = createClient({ fetch }, { ...systemRuntime, random: chance.next });
          let [done, isOver] = [0, false];
          const work = async () => {
            while (!isOver) {
              const isDone = await api(url).then(
                ({ ok }) => ok,
                () => false,
              );
              if (isDone) done += 1;
            }
          };
          const all = Promise.all(Array.from({ length: workers }, work));
          for (const part of history) {
            share = part.failure;
            await vi.advanceTimersByTimeAsync(1_000 * part.seconds);
          }
          share = failure;
          // What is left of the trouble goes first.
          await vi.advanceTimersByTimeAsync(40_000);
          for (let time = 0; time < 3; time++) {
            const before = done;
            await vi.advanceTimersByTimeAsync(20_000);
            expect(done - before).toBeGreaterThan(10);
          }
          isOver = true;
          await vi.advanceTimersByTimeAsync(35_000);
          await all;
        } finally {
          vi.useRealTimers();
        }
      },
    ),
    { numRuns: 20 },
  );
}, 60_000);
