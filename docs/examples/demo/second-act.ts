import { setTimeout as sleep } from 'node:timers/promises';
import { PGlite } from '@electric-sql/pglite';
import { createFetch } from 'steadfetch';
import { type Outcome, openOutbox } from 'steadfetch/outbox';
import { argumentsOrExit } from '../../../src/tools/arguments.ts';
import { readArguments } from './arguments.ts';
import { ServiceProcess } from './service-process.ts';
import { GAP, OUTAGE } from './world.ts';

/**
 * `npm run demo:outbox`, the demo's second act: the same orders and a service with the same faults. Here each order is committed
 * together with its call. The call is tried at once. If that fails, it is made later.
 */

/** The demo ends after this time on any machine, in milliseconds. */
const LIMIT = 180_000;
const NAME = 'outbox';
/** So long a caller waits for an answer, in milliseconds. What is not done by then is done later. */
const PATIENCE = 1_500;
/** The outage of some seconds stands for one of hours: so the pauses of minutes are one second here. */
const backoff = { base: 100, cap: 1_000 };

async function secondAct({ seed, orders }: { seed: number; orders: number }): Promise<number> {
  console.log(
    `${orders} orders, one every ${GAP} ms, each committed together with its charge; a caller waits for ${PATIENCE / 1_000} s (seed ${seed})\n`,
  );
  const services = await ServiceProcess.start(seed, [NAME]);
  const service = services.service(NAME);
  const outbox = await openOutbox(await PGlite.create(), {
    fetch: createFetch({ timeout: { total: PATIENCE } }),
    headers: ['x-order'],
    backoff,
  });
  await outbox.transaction((tx) => tx.query('create table orders (id int primary key)'));
  const worker = outbox.work({ poll: 100 });

  const start = Date.now();
  const seconds = () => ((Date.now() - start) / 1_000).toFixed(1);
  const outcomes: Record<Outcome, number> = { done: 0, later: 0, refused: 0, expired: 0 };
  const take = async (order: number) => {
    const call = await outbox.transaction(async (tx) => {
      await tx.query('insert into orders (id) values ($1)', [order]);
      return await outbox.add(tx, `${service.url}/charges`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-order': String(order) },
        body: JSON.stringify({ order, amount: 1_999 }),
        idempotencyKey: ['order', order],
      });
    });
    const { outcome, response } = await outbox.now(call);
    await response?.text();
    outcomes[outcome] += 1;
  };

  const taken: Promise<void>[] = [];
  for (let order = 1; order <= orders; order += 1) {
    await sleep(Math.max(0, start + order * GAP - Date.now()));
    if (order === OUTAGE.from) await service.refuse();
    if (order === OUTAGE.from) console.log(`${seconds()} s: nothing is listening any more`);
    if (order === OUTAGE.to + 1) await service.listenAgain();
    if (order === OUTAGE.to + 1) console.log(`${seconds()} s: the service is back`);
    taken.push(take(order));
  }
  await Promise.all(taken);
  // For runs whose last order comes during the outage.
  if (orders >= OUTAGE.from && orders <= OUTAGE.to) await service.listenAgain();
  console.log(
    `${seconds()} s: every caller has had an answer: ${outcomes.done} charged at once, ${outcomes.later} will be later`,
  );
  for (;;) {
    const { waiting, active } = await outbox.stats();
    if (waiting + active === 0) break;
    await sleep(200);
  }
  await worker.stop();
  console.log(`${seconds()} s: nothing is owed any more`);

  const dead = await outbox.dead.list();
  await outbox.close();
  const { orders: books, requests } = await service.closeLedger();
  services.stop();
  const once = books.filter(({ booked }) => booked === 1).length;
  console.log(
    `\n${once} of ${orders} orders are booked exactly once, with ${requests} requests; ${dead.length} dead letters.`,
  );
  return once === orders && dead.length === 0 ? 0 : 1;
}

const asked = argumentsOrExit(
  readArguments,
  'npm run demo:outbox -- [--seed N] [--orders N]\n  as for npm run demo',
);
setTimeout(() => {
  console.error(`not done after ${LIMIT / 1_000} s`);
  process.exit(1);
}, LIMIT).unref();
process.exitCode = await secondAct(asked);
