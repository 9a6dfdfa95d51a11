import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryStore } from '../../../src/once/stores/memory.ts';
import type { Queryable } from '../../../src/once/stores/sql.ts';
import { idempotent } from '../../../src/server/index.ts';
import { database } from '../servers.ts';
import { handlerFaultFor, SLOW } from './fault-schedule.ts';

/** One effect. Each run makes a new receipt, so that no two runs give the same answer. */
export interface Effect {
  readonly order: string;
  readonly receipt: string;
}

/** The receiving side: a handler behind `idempotent`, and a ledger that is independent of `idempotent`. */
export interface OrderService {
  readonly handler: (request: Request) => Promise<Response>;
  /** All effects. */
  effects(): Promise<readonly Effect[]>;
  close(): Promise<void>;
}

const scope = () => ({ operation: 'charge', tenant: 'shop' });

/** The answer to an order that is booked. */
export const answerTo = ({ order, receipt }: Effect) => JSON.stringify({ order, receipt });

/** Under a lease: keys and ledger are in this process, and apart from each other. */
export function memoryService(seed: number): OrderService {
  const ledger: Effect[] = [];
  const handle = handlerWithFaults(seed, async (effect, handlerFault) => {
    // Without a transaction an effect can't be rolled back, so a failure must come before it.
    const failed = await handlerFault();
    if (failed === undefined) ledger.push(effect);
    return failed;
  });
  return {
    handler: idempotent((request) => handle(request, undefined), { store: memoryStore(), scope }),
    effects: async () => ledger,
    close: async () => {},
  };
}

/** In a transaction: PostgreSQL where it is, else PGlite. What fails has written its row before. */
export async function databaseService(seed: number): Promise<OrderService> {
  const schema = `steadfetch_end_to_end_${process.pid}`;
  const { store, query, close } = await database(schema);
  await query(`create table ${schema}.ledger ("order" text not null, receipt text not null)`);
  const handle = handlerWithFaults<Queryable>(seed, async ({ order, receipt }, handlerFault, tx) => {
    await tx.query(`insert into ${schema}.ledger values ($1, $2)`, [order, receipt]);
    return handlerFault();
  });
  return {
    handler: idempotent(
      async (request, tx) => {
        if (tx === undefined) throw new Error('an order without a transaction');
        return handle(request, tx);
      },
      { store: store.transactional, scope },
    ),
    effects: async () => (await query(`select * from ${schema}.ledger`)) as unknown as Effect[],
    close,
  };
}

/** @param book writes the effect, and lets the handlerFault happen; a response of that one stands for the regular answer */
function handlerWithFaults<Tx>(
  seed: number,
  book: (
    effect: Effect,
    handlerFault: () => Promise<Response | undefined>,
    tx: Tx,
  ) => Promise<Response | undefined>,
): (request: Request, tx: Tx) => Promise<Response> {
  const runs = new Map<string, number>();
  return async (request, tx) => {
    const { order } = (await request.json()) as { order: string };
    const run = (runs.get(order) ?? 0) + 1;
    runs.set(order, run);
    const handlerFault = async () => {
      switch (handlerFaultFor(seed, order, run)) {
        case 'slow':
          await sleep(SLOW);
          return undefined;
        case 'throws':
          throw new Error('the service broke');
        case 'unavailable':
          return new Response(null, { status: 503 });
        default:
          return undefined;
      }
    };
    const effect = { order, receipt: randomUUID() };
    const failed = await book(effect, handlerFault, tx);
    return failed ?? new Response(answerTo(effect), { status: 201 });
  };
}
