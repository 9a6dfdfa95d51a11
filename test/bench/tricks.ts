/**
 * What each trick is worth: the plain way and ours, in turn, in one process.
 *
 *     npm run bench:tricks
 */
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { compileEndpoints } from '../../src/policy/endpoints.ts';
import { parseEndpoint } from '../../src/policy/pattern.ts';
import { median } from './statistics.ts';

/** Does something once. `at` counts up, so that nothing is the same twice. */
type Step = (at: number) => unknown;

interface Trick {
  readonly name: string;
  readonly plain: Step;
  readonly ours: Step;
}

const STEPS = 20_000;
const ROUNDS = 25;

const initOf = (at: number) => ({ method: 'POST', headers: { 'x-a': String(at) }, extra: at });

const circuit = () =>
  new CircuitBreaker(async () => {}, {
    timeout: false,
    rollingPercentilesEnabled: false,
    enableSnapshots: false,
  });
const [fired, told] = [circuit(), circuit()];

const rules = Array.from({ length: 1_000 }, (_, n) => ({
  ...parseEndpoint(`https://api.example/v1/things${n}/:id`),
}));
const indexed = compileEndpoints(rules);
const tested = compileEndpoints(rules.map((rule) => ({ ...rule, rest: 'more' as const })));
const urlOf = (at: number) => new URL(`https://api.example/v1/things${at % 1_000}/${at}`);

const tricks: readonly Trick[] = [
  {
    name: 'Object.assign({}, init, { … }) instead of { ...init, … }',
    plain: (at) => ({ ...initOf(at), headers: at, body: at, signal: at, dispatcher: at }),
    ours: (at) => Object.assign({}, initOf(at), { headers: at, body: at, signal: at, dispatcher: at }),
  },
  {
    name: 'the first attempt before p-retry, not in it',
    plain: (at) => pRetry(async () => at, { retries: 3, minTimeout: 0, maxTimeout: 0 }),
    ours: async (at) => at,
  },
  {
    name: "a success as opossum's event 'fire', not run by it",
    plain: () => fired.fire(),
    ours: () => told.emit('fire'),
  },
  {
    name: 'a rule among 1,000 by the index alone, not by URLPattern, for a new URL',
    plain: (at) => tested('GET', urlOf(at)),
    ours: (at) => indexed('GET', urlOf(at)),
  },
];

/** Microseconds of CPU per step. */
async function time(step: Step, from: number): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let at = from; at < from + STEPS; at++) {
    const result = step(at);
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / STEPS;
}

console.log(`Node ${process.versions.node}; µs of CPU, medians of ${ROUNDS} rounds in turn\n`);
console.log('  plain    ours');
for (const { name, plain, ours } of tricks) {
  const times: { readonly plain: number; readonly ours: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const from = round * STEPS;
    times.push({ plain: await time(plain, from), ours: await time(ours, from) });
  }
  const shown = [times.map((one) => one.plain), times.map((one) => one.ours)].map((list) =>
    median(list).toFixed(2).padStart(7),
  );
  console.log(`${shown.join(' ')}  ${name}`);
}
fired.shutdown();
told.shutdown();
