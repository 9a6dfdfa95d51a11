import { parseArgs } from 'node:util';
import { argumentsOrExit, wholeNumber } from '../../src/tools/arguments.ts';
import { startProgress } from '../../src/tools/progress.ts';
import { plainTable } from '../../src/tools/table.ts';
import { brokenPromises, summary } from '../once/end-to-end/broken-promises.ts';
import { databaseService, memoryService } from '../once/end-to-end/order-service.ts';
import { trial } from '../once/end-to-end/trial.ts';

const usage = `npm run conformance:once -- [--orders 10000] [--seed 1] [--minutes 15] [--store memory|database]

Sends orders through every fault on the wire and in the service to a handler behind \`idempotent\`, asks again until each
caller knows, and holds what they were told against the ledger. Exits 1 if a promise was broken, or if the time was up.

  --orders   how many POSTs, each with a key of its own
  --seed     which faults strike which requests
  --minutes  the longest time that each store may take
  --store    only this one: memory under a lease, or PostgreSQL (PGlite where there is none) in a transaction
`;

const services = { memory: async (seed: number) => memoryService(seed), database: databaseService };
type ServiceName = keyof typeof services;

/** How many broken promises are printed. The first few tell it all. */
const PRINTED = 10;

interface Asked {
  readonly orders: number;
  readonly seed: number;
  readonly minutes: number;
  readonly stores: readonly ServiceName[];
}

/** @throws {TypeError} What was asked makes no sense. */
function readArguments(args: readonly string[]): Asked {
  const text = { type: 'string' } as const;
  const options = { orders: text, seed: text, minutes: text, store: text };
  const { orders, seed, minutes, store } = parseArgs({ args: [...args], options }).values;
  if (store !== undefined && store !== 'memory' && store !== 'database')
    throw new TypeError(`--store must be memory or database, got ${store}`);
  return {
    orders: wholeNumber('--orders', orders ?? '10000', 1),
    seed: wholeNumber('--seed', seed ?? '1', 0),
    minutes: wholeNumber('--minutes', minutes ?? '15', 1),
    stores: store === undefined ? ['memory', 'database'] : [store],
  };
}

/** @returns whether every promise held for every order */
async function conformance(name: ServiceName, { orders, seed, minutes }: Asked): Promise<boolean> {
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1_000;
  let known = 0;
  const task = `${name}: callers who know`;
  const progress = await startProgress({ [task]: orders }, process.stdout);
  const service = await services[name](seed);
  try {
    const settled = (done: number) => {
      known = done;
      progress.update(task, done, `${(done / seconds()).toFixed(0)}/s`);
      return seconds() < minutes * 60;
    };
    const observed = await trial({ service, orders, seed, settled });
    const broken = brokenPromises(observed);
    progress.stop();
    const rows = [...Object.entries(summary(observed)), ['broken promises', broken.length] as const];
    console.log(`\n${plainTable([`${name}, seed ${seed}, ${seconds().toFixed(0)} s`, ''], rows)}\n`);
    for (const how of broken.slice(0, PRINTED)) console.log(`  ${how}`);
    if (known < orders) console.log(`the time was up after ${known} of ${orders} orders`);
    return broken.length === 0 && known === orders;
  } finally {
    progress.stop();
    await service.close();
  }
}

const asked = argumentsOrExit(readArguments, usage);
process.exitCode = 0;
for (const name of asked.stores) {
  if (!(await conformance(name, asked))) process.exitCode = 1;
}
