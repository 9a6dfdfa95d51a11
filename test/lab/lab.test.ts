import { expect, test } from 'vitest';
import { parseCommand } from '../../src/lab/arguments.ts';
import { sparklinesOf } from '../../src/lab/chart.ts';
import { jobsOf } from '../../src/lab/job.ts';
import { ask } from '../../src/lab/question.ts';
import { Random } from '../../src/lab/random.ts';
import { unreliable } from '../../src/lab/service.ts';
import { type Scenario, simulate } from '../../src/lab/simulate.ts';
import { noRetry, steadfetch, tries } from '../../src/lab/steadfetch.ts';
import { overload } from '../../src/lab/storms/collapse.ts';
import { sum } from '../../src/lab/storms/storm.ts';
import { World } from '../../src/lab/world.ts';

/** A seed with which three tries do not recover. */
const COLLAPSING = 2;

function flaky(failure: number, seconds = 5): Scenario {
  return {
    behaviour: (world) => unreliable(world, failure, 50),
    rate: () => 100,
    clients: 10,
    duration: 1_000 * seconds,
    timeout: 2_000,
  };
}

test('the same seed gives the same outcome to the byte, another seed another one', async () => {
  const [first, again, other] = [
    await simulate(flaky(0.2), steadfetch('defaults'), 1),
    await simulate(flaky(0.2), steadfetch('defaults'), 1),
    await simulate(flaky(0.2), steadfetch('defaults'), 2),
  ].map((outcome) => JSON.stringify(outcome));
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test('every strategy meets the same arrivals', async () => {
  const without = await simulate(flaky(0.2), noRetry, 3);
  const retrying = await simulate(flaky(0.2), tries(3), 3);
  expect(retrying.calls).toEqual(without.calls);
});

test('every call is accounted for: without retries there are as many sends as calls', async () => {
  const { calls, sends, good } = await simulate(flaky(0.3), noRetry, 1);
  expect(sum(sends)).toBe(sum(calls));
  expect(sum(good) / sum(calls)).toBeCloseTo(0.7, 1);
});

test('time and chance are real again afterwards', async () => {
  const before = { date: Date, random: Math.random, timeout: setTimeout };
  await simulate(flaky(0.1, 1), steadfetch('defaults'), 1);
  expect({ date: Date, random: Math.random, timeout: setTimeout }).toEqual(before);
});

test('in a world, hours pass in no time, and everything that follows a timer happens before the next', async () => {
  const world = new World(1);
  try {
    const seen: string[] = [];
    const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const work = async (name: string) => {
      await wait(3_600_000);
      for (let i = 0; i < 20; i++) await undefined;
      seen.push(`${name} at ${world.now}`);
    };
    void work('first');
    void work('second');
    await world.runUntil(() => seen.length === 2);
    expect(seen).toEqual(['first at 3600000', 'second at 3600000']);
  } finally {
    world.close();
  }
});

test('chance has the means and the spread that it should have', () => {
  const random = new Random(7);
  const draws = Array.from({ length: 20_000 }, () => random.normal(10, 2));
  const mean = sum(draws) / draws.length;
  expect(mean).toBeCloseTo(10, 1);
  expect(Math.sqrt(sum(draws.map((draw) => (draw - mean) ** 2)) / draws.length)).toBeCloseTo(2, 1);
  expect(sum(Array.from({ length: 20_000 }, () => random.exponential(5))) / 20_000).toBeCloseTo(5, 0);
});

test('a single call uses all its attempts, in a fleet as well as alone', async () => {
  const single: Scenario = { ...flaky(1, 1), rate: (now) => (now === 0 ? 1_000 : 1e-9), clients: 1 };
  const { calls, sends } = await simulate(single, steadfetch('defaults'), 1);
  expect([sum(calls), sum(sends)]).toEqual([1, 5]);
});

test('the defaults survive an overload that three tries do not, split over 100 processes', async () => {
  const goodput = ({ good, calls }: Awaited<ReturnType<typeof simulate>>) =>
    sum(good, 45, 70) / sum(calls, 45, 70);
  expect(goodput(await simulate(overload(100), tries(3), COLLAPSING))).toBeLessThan(0.2);
  expect(goodput(await simulate(overload(100), steadfetch('defaults'), COLLAPSING))).toBeGreaterThan(0.95);
});

test('a policy without guards is found out, and the verdict says so in one line', async () => {
  const question = {
    service: { capacity: 100, latency: 1_000 },
    load: 40,
    spike: { rate: 100, duration: 5_000 },
    processes: 20,
    duration: 60_000,
    seeds: 1,
  };
  const timeout = { attempt: 3_000 };
  const bare = { retry: { attempts: 3, base: 0, cap: 0 }, budget: false, breaker: false, timeout } as const;
  const bad = await ask({ ...question, policy: bare });
  expect(bad.recovered).toBe(false);
  expect(bad.verdict).toMatch(
    /^COLLAPSES: 0 of 1 runs recover; [\d.]+ % of calls end well; [\d.]+ requests per call\.$/,
  );
  const good = await ask({ ...question, policy: { timeout } });
  expect(good.verdict).toMatch(/^HOLDS: 1 of 1 runs recover/);
  expect(sparklinesOf(good.worst).split('\n')).toHaveLength(4);
});

test.each<[wrong: object, message: string]>([
  [{ seedz: 1 }, 'seedz is not an option; did you mean seeds?'],
  [{ spike: { rate: 80, durations: 5 } }, 'spike.durations is not an option; did you mean spike.duration?'],
  [{ spike: { rate: 80 } }, 'spike.duration must be a number above 0, got undefined'],
  [
    { service: { latency: 1, capasity: 2 } },
    'service.capasity is not an option; did you mean service.capacity?',
  ],
  [{ service: undefined }, 'service must be a plain object with latency and capacity, got undefined'],
  [{ load: '40' }, 'load must be a number above 0, got "40"'],
  [{ load: Number.POSITIVE_INFINITY }, 'load must be a number above 0, got Infinity'],
  [{ seeds: 2.5 }, 'seeds must be a whole number of 1 or more, got 2.5'],
  [{ processes: 0.5 }, 'processes must be a whole number of 1 or more, got 0.5'],
  [{ policy: undefined }, 'policy must be the options of createFetch, got undefined'],
  [
    { policy: { retry: { limit: 2 } } },
    'retry.limit is not an option; here it is retry.attempts, which counts',
  ],
])('a question with a slip in it is refused, and nothing is played: %j', async (wrong, message) => {
  const question = { policy: {}, service: { capacity: 100, latency: 10 }, load: 40, seeds: 1 };
  await expect(ask({ ...question, ...wrong } as never)).rejects.toMatchObject({
    name: 'PolicyError',
    message: expect.stringContaining(message),
  });
  await expect(ask(undefined as never)).rejects.toThrow(
    'question must be a plain object with policy, service',
  );
});

test('the command line is read', () => {
  const line = ['lab', '--policy', './p.mjs', '--service', 'capacity=50,latency=200', '--load', '40'];
  expect(parseCommand([...line, '--spike', '80x5', '--processes', '100'])).toEqual({
    kind: 'ask',
    policy: './p.mjs',
    service: { capacity: 50, latency: 200 },
    load: 40,
    spike: { rate: 80, duration: 5_000 },
    processes: 100,
    duration: 90_000,
    seeds: 5,
    chart: undefined,
  });
  expect(parseCommand(['lab', '--storm', 'a,D', '--strategy', 'steadfetch,loop', '--seeds', '2'])).toEqual({
    kind: 'storms',
    only: ['A', 'D'],
    strategies: ['steadfetch', 'loop'],
    seeds: 2,
    check: false,
    report: undefined,
  });
  expect(parseCommand([])).toEqual({ kind: 'help' });
});

test('what is wrong on the command line is named', () => {
  const ask = (...rest: string[]) => parseCommand(['lab', '--policy', 'p.mjs', ...rest]);
  expect(() => ask('--load', 'many')).toThrow('--load must be a number above 0, got "many"');
  expect(() => ask('--load', '0')).toThrow('--load must be a number above 0, got 0');
  expect(() => ask('--seeds', '2.5')).toThrow('--seeds must be a whole number from 1, got 2.5');
  expect(() => ask('--processes', '0')).toThrow('--processes must be a whole number from 1, got 0');
  expect(() => ask('--spike', '80')).toThrow('--spike must say for how many seconds too, such as 80x5');
  expect(() => ask('--service', 'capacity=10')).toThrow('--service latency must be a number above 0');
  expect(() => ask('--unknown')).toThrow("Unknown option '--unknown'");
  expect(() => ask('--storm', 'A')).toThrow('--storm goes without --policy');
  expect(() => parseCommand(['lab', '--load', '40'])).toThrow('--load goes with --policy ./policy.mjs');
});

test('a storm or a client that the lab has not is named, for to run none would look like a success', () => {
  const all = { only: [], strategies: [], seeds: 1 };
  expect(() => jobsOf({ ...all, only: ['A', 'ZZ'] })).toThrow(/^--storm has no "ZZ": it takes A \| B \| /);
  expect(() => jobsOf({ ...all, strategies: ['curl'] })).toThrow(
    /^--strategy has no "curl": it takes .*steadfetch/,
  );
  expect(() => jobsOf({ ...all, only: ['A'], strategies: ['steadfetch'] })).toThrow(
    'no storm of --storm has',
  );
  expect(jobsOf({ ...all, only: ['B'], strategies: ['steadfetch', 'loop'] }).length).toBeGreaterThan(0);
});
