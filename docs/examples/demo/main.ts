import { createFetch } from 'steadfetch';
import { argumentsOrExit } from '../../../src/tools/arguments.ts';
import { type Progress, startProgress } from '../../../src/tools/progress.ts';
import { type Run, readArguments, USAGE } from './arguments.ts';
import { bareFetch, type Client, retryLoop, steadfetch } from './clients.ts';
import { isFlawless, judge, type Tally } from './judge.ts';
import { sendOrders, type Told } from './load.ts';
import { paintFor } from './paint.ts';
import type { LedgerPage } from './service.ts';
import { ServiceProcess } from './service-process.ts';
import { storyOf } from './story.ts';
import { tableOf } from './table.ts';
import { explanation, introduction, outcome } from './text.ts';

/** The demo ends after this time on any machine, in milliseconds. */
const LIMIT = 60_000;

interface Result {
  readonly name: string;
  readonly told: readonly Told[];
  readonly page: LedgerPage;
  readonly tally: Tally;
}

/** @returns the exit status */
async function demo({ seed, orders }: Run): Promise<number> {
  console.log(introduction(seed, orders));
  const paint = paintFor(process.stdout);
  const api = createFetch();
  const clients = [bareFetch, retryLoop, steadfetch(api)] as const;
  // One service per client, so that their ledgers do not mix.
  const services = await ServiceProcess.start(
    seed,
    clients.map(({ name }) => name),
  );

  const start = Date.now();
  const totals = Object.fromEntries(clients.map(({ name }) => [name, orders]));
  const progress = await startProgress(totals, process.stdout);
  const stop = () => progress.stop();
  process.once('exit', stop);
  api.on('breaker', ({ from, to, at, reason }) => {
    const time = ((at - start) / 1_000).toFixed(1);
    progress.note(paint('yellow', `${time} s: breaker ${from} → ${to}, ${reason}`));
  });
  // At the same time, so that the machine is the same for all clients, too.
  const results = await Promise.all([
    run(orders, clients[0], services, progress),
    run(orders, clients[1], services, progress),
    run(orders, clients[2], services, progress),
  ]);
  services.stop();
  process.off('exit', stop);
  stop();

  const [, , ours] = results;
  const story = storyOf(ours.told, ours.page);
  console.log(`\n${tableOf(results, paint)}\n\n${explanation(ours.told)}`);
  if (story !== undefined) console.log(`\n${story}`);
  console.log(`\n${outcome(results)}`);
  return isFlawless(ours.tally) ? 0 : 1;
}

async function run(
  orders: number,
  client: Client,
  services: ServiceProcess,
  progress: Progress,
): Promise<Result> {
  const { name, send } = client;
  const service = services.service(name);
  const counts = { ok: 0, failed: 0 };
  const sent = await sendOrders(orders, send, service, (order) => {
    counts[order.ok ? 'ok' : 'failed'] += 1;
    const { ok, failed } = counts;
    progress.update(name, ok + failed, `${ok} ok, ${failed} failed`);
  });
  const page = await service.closeLedger();
  return { name, told: sent.told, page, tally: judge(sent, page) };
}

/** Ends the demo early. The services end with this process. */
function end(status: number, message: string): void {
  process.once('exit', () => console.error(message));
  process.exit(status);
}

const asked = argumentsOrExit(readArguments, USAGE);
process.once('SIGINT', () => end(130, 'interrupted'));
process.once('SIGTERM', () => end(143, 'terminated'));
setTimeout(() => end(1, `not done after ${LIMIT / 1_000} s`), LIMIT).unref();
process.exitCode = await demo(asked);
