/** What the guards cost: `npm run bench:guard`. Exits with 1 if a bar is missed. */
import { createClient } from '../../src/fetch/create-fetch.ts';
import { Admission, enter } from '../../src/guard/admission.ts';
import { CircuitBreaker } from '../../src/guard/breaker.ts';
import { FailureWindows } from '../../src/guard/failure-windows.ts';
import { Scopes } from '../../src/guard/scopes.ts';
import { departure, entry } from '../guard/departure.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

const rule = { threshold: 1, minimum: 1_000_000, window: 10_000, cooldown: 5_000, maxCooldown: 60_000 };
const budget = { ratio: 0.2, reserve: 3 };
const ROUNDS = 15;

/** Microseconds of CPU per run of `work`. CPU time does not include the work of other processes. */
async function micros(times: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

/** The best of several rounds, because it was disturbed least. Rounds take turns, so that a disturbance hits all of them. */
async function best(...rounds: (() => Promise<number>)[]): Promise<number[]> {
  const least = rounds.map(() => Number.POSITIVE_INFINITY);
  for (let i = 0; i < ROUNDS; i++) {
    for (const [at, round] of rounds.entries()) least[at] = Math.min(least[at] ?? 0, await round());
  }
  return least;
}

/** Makes a function that counts one failure, with this many outcomes in the window already. */
async function failing(inWindow: number): Promise<() => Promise<number>> {
  const breaker = new CircuitBreaker(rule, new ManualRuntime(), new FailureWindows(), () => {});
  const now = 0;
  const permit = breaker.enter({ endpoint: '/', now });
  await breaker.leave(permit, departure('success', now));
  for (let i = 1; i < inWindow; i++) await breaker.leave(permit, departure('failure', now));
  return () => micros(2_000, () => breaker.leave(permit, departure('failure', now)));
}

/** A whole call that an open breaker rejects, and what reached the wire meanwhile. */
async function rejecting(): Promise<{ round: () => Promise<number>; sends: () => number }> {
  let sends = -1;
  const fetch = async () => {
    sends++;
    return new Response(null, { status: 500 });
  };
  const api = createClient(
    { fetch, retry: false, breaker: { minimum: 1 }, patience: 0 },
    new ManualRuntime(),
  );
  await api('http://service.test/');
  const reject = () => api('http://service.test/').catch(() => undefined);
  for (let i = 0; i < 20_000; i++) await reject();
  return { round: () => micros(5_000, reject), sends: () => sends };
}

/** A thousand scopes that were used, each with a failure in its window, and then no more. */
async function idleScopes(): Promise<{ scopes: Scopes; bytes: number }> {
  const runtime = new ManualRuntime();
  const scopes = new Scopes(runtime, () => {});
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const use = async (name: string) => {
    const guards = scopes.use(name).guards({ breaker: rule, budget, limit: false });
    const now = runtime.now();
    const admission = enter(guards, entry(1, now));
    if (admission instanceof Admission) {
      await admission.leave(departure('failure', now));
    }
  };
  await use('https://warm-up.example');
  const before = used();
  for (let i = 0; i < 999; i++) await use(`https://service-${i}.example`);
  runtime.advance(20_000);
  await use('https://warm-up.example');
  return { scopes, bytes: (used() - before) / 999 };
}

/** Milliseconds of CPU that an otherwise idle process uses in a second. */
async function cpuPerSecond(): Promise<number> {
  const seconds = 2;
  // What was compiled or collected in the background is done by then.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / seconds;
}

const rows: [string, number, string, number][] = [];
const [small = 0, large = 0] = await best(await failing(10_000), await failing(100_000));
rows.push(['a failure, 100,000 in the window against 10,000', large / small, '×', 1.2]);
const { round, sends } = await rejecting();
const [rejected = 0] = await best(round);
rows.push(['a rejected call on an open breaker', rejected, 'µs', 10]);
rows.push(['requests sent by rejected calls', sends(), '', 0]);
const without = await cpuPerSecond();
const { scopes, bytes } = await idleScopes();
rows.push(['an idle scope', bytes / 1_024, 'KiB', 2.5]);
rows.push(['1,000 idle scopes, CPU per second', Math.max(0, (await cpuPerSecond()) - without), 'ms', 1]);
if (scopes.breaker('https://service-1.example', rule) === undefined) throw new Error('the scopes are gone');

for (const [name, value, unit, bar] of rows) {
  const holds = value <= bar;
  if (!holds) process.exitCode = 1;
  console.log(`${holds ? '✓' : '✗'} ${name.padEnd(50)} ${value.toFixed(2)} ${unit} (bar ${bar})`);
}
console.log(`  counting a failure takes ${small.toFixed(2)} and ${large.toFixed(2)} µs`);
