import { aFunction, type Checks, checkMembers, nameCheck } from './checks.ts';
import { type Times, timeChecks } from './claim-options.ts';
import { runAsJson } from './once.ts';
import type { AnyStore, ContextOf } from './store.ts';

/** The identity of a message for one consumer. */
export interface MessageId extends Times {
  /** The consumer that handles the message: 1 to 255 characters. Each consumer of a message runs its own effect once. */
  readonly consumer: string;
  /** The producer's id of the message, the same on every delivery: 1 to 255 characters. */
  readonly messageId: string;
}

const idChecks: Checks<MessageId> = { consumer: nameCheck, messageId: nameCheck, ...timeChecks };

/**
 * An inbox: runs the effect only for the first delivery of a message. Resolves after the commit. Acknowledge the message then,
 * whether `replayed` is true or not. If it rejects, do not acknowledge, so that the broker delivers the message again. Set a
 * `lifetime` longer than the broker may take for a redelivery.
 *
 * @throws The errors of `once`. `InProgressError` means that another delivery of the message is being handled.
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
  // A scope of one part, where `once` has two parts, so an inbox never shares a key with an operation.
  const scopedKey = { scope: JSON.stringify([consumer]), key: messageId };
  const { replayed } = await runAsJson(store, scopedKey, times, async (context) => {
    await effect(context);
  });
  return { replayed };
}
