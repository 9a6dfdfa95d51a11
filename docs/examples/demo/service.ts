import { setTimeout as sleep } from 'node:timers/promises';
import { startFaultServer } from '../../../test/support/fault-server.ts';
import type { Fault } from '../../../test/support/faults.ts';
import type { Command, LedgerPage } from './service-process.ts';
import { faultFor } from './world.ts';

// A payment service in a process of its own. It honours Idempotency-Key, fails as its seed says, and answers each
// command of its parent with one message.

// The parent may be gone at any time, however it ended.
process.once('disconnect', () => process.exit());
if (!process.connected) process.exit();

const seed = Number(process.argv[2]);
/** What struck each order's requests, in their order. */
const struck = new Map<number, Fault[]>();
/** When the last stall so far is over, on the clock of `performance.now()`. */
let quietAt = 0;

const server = await startFaultServer({
  fault: ({ order, attempt }) => faultFor(seed, Number(order), attempt),
  log: ({ fault, request }) => {
    const order = Number(request?.order);
    struck.set(order, [...(struck.get(order) ?? []), fault]);
    if (fault.kind === 'slow') quietAt = Math.max(quietAt, performance.now() + fault.ms);
  },
});

/** Everything that was booked, and will ever be. */
async function closeLedger(): Promise<LedgerPage> {
  // A request whose caller has given up may still be worked on.
  await sleep(Math.max(0, quietAt + 100 - performance.now()));
  await server.close();
  const orders = [...struck].map(([order, faults]) => ({
    order,
    booked: server.effects(String(order)),
    faults,
  }));
  return { requests: server.requestsBegun, orders };
}

const commands: Record<Command, () => Promise<unknown>> = {
  refuse: () => server.refuse(),
  'listen again': () => server.listenAgain(),
  'close the ledger': closeLedger,
};

process.on('message', async (command: Command) => {
  process.send?.((await commands[command]()) ?? {});
});
process.send?.(server.url);
