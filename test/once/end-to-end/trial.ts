import { createFetch } from '../../../src/index.ts';
import { EventLoopMonitor } from '../../faults/event-loop-monitor.ts';
import { concurrently } from '../../support/concurrently.ts';
import { startFaultServer } from '../../support/fault-server.ts';
import { webWork } from '../../support/web-work.ts';
import { faultFor, PATIENCE } from './fault-schedule.ts';
import { type OrderOutcome, placeOrder } from './order-client.ts';
import { answerTo, type OrderService } from './order-service.ts';

/** Orders that are under way at the same time. */
const CONCURRENCY = 32;
/** Once in `every` orders nothing listens, until `refusals` attempts were refused. */
const OUTAGE = { every: 250, first: 100, refusals: 20 };
/** Once in `every` orders a connection breaks off before anything was read. */
const BREAK = { every: 40, first: 20 };

export interface TrialOptions {
  readonly service: OrderService;
  readonly orders: number;
  readonly seed: number;
  /** Called with the number of callers that have a result. False: send no more orders. */
  readonly settled?: (done: number) => boolean;
}

/** Everything that was seen, from both ends and from the ledger. */
export interface Observed {
  readonly told: readonly OrderOutcome[];
  /** How many requests of each order reached the service at least with their headers. */
  readonly seen: ReadonlyMap<string, number>;
  /** The outcomes of repeated orders, without any fault on the wire. */
  readonly repeats: ReadonlyMap<string, OrderOutcome>;
  /** The answers to the effects in the ledger, for each order that has any. */
  readonly effects: ReadonlyMap<string, readonly string[]>;
}

/** Sends orders through every fault to a service that keeps keys, and asks again until each caller knows. */
export async function trial({
  service,
  orders,
  seed,
  settled = () => true,
}: TrialOptions): Promise<Observed> {
  const seen = new Map<string, number>();
  let calm = false;
  const server = await startFaultServer({
    work: webWork(service.handler),
    fault: ({ order = '', attempt }) => (calm ? undefined : faultFor(seed, order, attempt)),
    log: ({ request }) => {
      if (request?.order !== undefined) seen.set(request.order, (seen.get(request.order) ?? 0) + 1);
    },
  });
  // Each of these may stop a call for the good of the service. Here every call is to be made.
  const api = createFetch({
    timeout: { attempt: PATIENCE, idle: PATIENCE, total: 5_000 },
    retry: { attempts: 4, base: 5, cap: 50 },
    breaker: false,
    budget: false,
  });

  let refusals = 0;
  api.on('attempt', ({ attempt }) => {
    if (refusals > 0 && attempt.delivery === 'not-sent' && --refusals === 0) void server.listenAgain();
  });

  // On a busy machine calls would time out for want of a processor, each would be made again, and so on.
  const loop = new EventLoopMonitor();
  const client = { api, url: server.url, ready: () => loop.whenOnTime() };
  const told: OrderOutcome[] = [];
  let next = 1;
  let open = true;
  await concurrently(CONCURRENCY, async () => {
    if (!open || next > orders) return false;
    const order = next++;
    if (order % OUTAGE.every === OUTAGE.first && refusals === 0) {
      refusals = OUTAGE.refusals;
      await server.refuse();
    }
    if (order % BREAK.every === BREAK.first) server.next({ kind: 'cut', at: 'accept', how: 'reset' });
    told.push(await placeOrder(client, String(order)));
    open = settled(told.length);
    return true;
  });

  calm = true;
  const repeats = new Map<string, OrderOutcome>();
  const again = told.values();
  await concurrently(CONCURRENCY, async () => {
    const { done, value } = again.next();
    if (done) return false;
    repeats.set(value.order, await placeOrder(client, value.order));
    return true;
  });
  loop.stop();
  await server.close();

  const effects = new Map<string, string[]>();
  for (const effect of await service.effects()) {
    effects.set(effect.order, [...(effects.get(effect.order) ?? []), answerTo(effect)]);
  }
  return { told, seen, repeats, effects };
}
