import { PerformanceObserver } from 'node:perf_hooks';
import { comparisons } from './comparisons.ts';
import type { Allocated, Sample, Work } from './measure.ts';
import type { Call, Send } from './row.ts';

// A process of its own, that measures one row of one comparison, or several.

const [comparison = '', origin = '', ...names] = process.argv.slice(2);
const sends = new Map<string, Send>();
for (const name of names) {
  const row = comparisons.find(({ id }) => id === comparison)?.rows.find((one) => one.name === name);
  if (row === undefined) throw new Error(`there is no row ${name} in ${comparison}`);
  sends.set(name, await row.make(origin));
}

/** About 1 KiB of JSON. */
const BODY = JSON.stringify({
  amount: 1_999,
  currency: 'eur',
  customer: 'cus_9s6XKzkNRiz8i3',
  items: Array.from({ length: 12 }, (_, i) => ({
    sku: `sku-${1_000 + i}`,
    quantity: i + 1,
    note: 'x'.repeat(34),
  })),
});

process.on('message', async (work: Work) => {
  process.send?.(await answerTo(work));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');

function answerTo(work: Work): Promise<Sample | Allocated | number> {
  if (work.kind === 'time') return time(work);
  return work.kind === 'allocate' ? allocate(work) : callUpTo(work);
}

async function time(work: Work & { kind: 'time' }): Promise<Sample> {
  const began = performance.now();
  const before = process.cpuUsage();
  const calls = await run(work, () => performance.now() - began < work.time);
  const { user, system } = process.cpuUsage(before);
  const wall = (performance.now() - began) * 1_000;
  return { cpu: (user + system) / calls, wall: wall / calls };
}

/** Bytes that a call allocates on the JavaScript heap, measured without a collection in between. */
async function allocate(work: Work & { calls: number }): Promise<Allocated> {
  const collections = new PerformanceObserver(() => {});
  collections.observe({ type: 'gc' });
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 20));
  collections.takeRecords();
  const before = process.memoryUsage().heapUsed;
  const calls = await callUpTo(work);
  const bytes = (process.memoryUsage().heapUsed - before) / calls;
  const clean = collections.takeRecords().length === 0;
  collections.disconnect();
  return { bytes: clean ? bytes : undefined };
}

function callUpTo(work: Work & { calls: number }): Promise<number> {
  let left = work.calls;
  return run(work, () => left-- > 0);
}

/** Makes calls, `concurrency` at a time, while `more` says so. Resolves with the number of calls. */
async function run({ row, method, concurrency }: Work, more: () => boolean): Promise<number> {
  const send = sends.get(row);
  if (send === undefined) throw new Error(`the row ${row} is not measured here`);
  const call: Call = { url: `${origin}/`, method, body: method === 'POST' ? BODY : undefined };
  let calls = 0;
  const worker = async () => {
    while (more()) {
      calls += 1;
      const answer = await send(call);
      if (Reflect.get(Object(answer), 'ok') !== true) throw new Error(`${row} has another answer`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return calls;
}
