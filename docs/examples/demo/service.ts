import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultServer } from '../../../test/support/fault-server.ts';
import type { Fault } from '../../../test/support/faults.ts';
import { webWork } from '../../../test/support/web-work.ts';
import type { Books } from './books.ts';
import { faultFor } from './world.ts';

/** The commands of a payment service. */
export type Command = 'refuse' | 'listen again' | 'close the ledger';

/** The service's record of one order. */
export interface OrderTruth {
  readonly order: number;
  /** The number of bookings. */
  readonly booked: number;
  /** The faults of the order's requests, in their order. */
  readonly faults: readonly Fault[];
}

/** The service's own record, against which the clients are judged. */
export interface LedgerPage {
  /** Requests that reached the service. */
  readonly requests: number;
  /** The orders of which a request reached the service. */
  readonly orders: readonly OrderTruth[];
}

/** A payment service with the faults of its seed: on the wire in front of its books, which are a real handler. */
export interface Service {
  readonly url: string;
  /** Resolves when the command is done. */
  tell(command: Command): Promise<unknown>;
}

export async function startService(seed: number, books: Books): Promise<Service> {
  /** The faults of each order's requests, in their order. */
  const struck = new Map<number, Fault[]>();
  /** When the last stall so far is over, by `performance.now()`. */
  let quietAt = 0;

  const server = await startFaultServer({
    work: webWork(books.handler),
    fault: ({ order, attempt }) => faultFor(seed, Number(order), attempt),
    log: ({ fault, request }) => {
      const order = Number(request?.order);
      struck.set(order, [...(struck.get(order) ?? []), fault]);
      if (fault.kind === 'slow') quietAt = Math.max(quietAt, performance.now() + fault.ms);
    },
  });

  /** All bookings, when no more can follow. */
  async function closeLedger(): Promise<LedgerPage> {
    // A request may still be in progress after its caller has given up.
    await sleep(Math.max(0, quietAt + 100 - performance.now()));
    await server.close();
    const booked = await books.bookings();
    const orders = [...struck].map(([order, faults]) => ({ order, booked: booked.get(order) ?? 0, faults }));
    return { requests: server.requestsBegun, orders };
  }

  const commands: Record<Command, () => Promise<unknown>> = {
    refuse: () => server.refuse(),
    'listen again': () => server.listenAgain(),
    'close the ledger': closeLedger,
  };

  return { url: server.url, tell: (command) => commands[command]() };
}
