import { aFunction, type Checks, checkMembers, nameCheck } from './checks.ts';
import { type Times, timeChecks } from './claim-options.ts';
import { runAsJson } from './once.ts';
import type { AnyStore, ContextOf } from './store.ts';

/** Which message, for which consumer. */
export interface MessageId extends Times {
  /** Who handles it: every consumer of the same message has an effect of its own. 1 to 255 characters. */
  readonly consumer: string;
  /** What the producer calls it, the same on every delivery: 1 to 255 characters. */
  readonly messageId: string;
}

const idChecks: Checks<MessageId> = { consumer: nameCheck, messageId: nameCheck, ...timeChecks };

/**
 * An inbox: runs the effect for the first delivery of a message only. It resolves after the commit; acknowledge then,
 * whether it was `replayed` or not. When it rejects, do not acknowledge: the broker delivers the message again.
 * Choose a `lifetime` longer than the broker may take for a redelivery.
 *
 * @throws what `once` throws; `InProgressError` means that another delivery of the message is being handled.
 * @example
 * await consume(store.transactional, { consumer: 'ledger', messageId: message.properties.messageId }, async (tx) => {
 *   await tx.query('insert into entries (charge) values ($1)', [charge]);
 * });
 * channel.ack(message);
 */
export async function consume<S extends AnyStore>(
  store: S,
  id: MessageId,
  effect: (context: ContextOf<S>) => unknown,
): Promise<{ readonly replayed: boolean }> {
  const { consumer, messageId, ...times } = checkMembers<MessageId, 'consumer' | 'messageId'>(
    id,
    { name: 'id' },
    idChecks,
    ['consumer', 'messageId'],
  );
  aFunction()(effect, 'effect');
  // One part, where `once` has two: an inbox never shares a key with an operation.
  const scopedKey = { scope: JSON.stringify([consumer]), key: messageId };
  const { replayed } = await runAsJson(store, scopedKey, times, async (context) => {
    await effect(context);
  });
  return { replayed };
}
