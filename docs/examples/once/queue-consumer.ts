/** RabbitMQ + PostgreSQL: every message has one effect, however often it is delivered. */
import type { Channel, ConsumeMessage } from 'amqplib';
import { consume, type TransactionalStore } from 'steadfetch/once';

const WEEK = 7 * 86_400_000;

/**
 * Give the queue a dead-letter exchange and a delivery limit. A message without an id goes there at once. A message whose effect
 * always fails goes there after its last delivery.
 */
export async function consumeQueue<Tx>(
  channel: Channel,
  queue: string,
  store: TransactionalStore<Tx>,
  effect: (tx: Tx, message: unknown) => Promise<void>,
  report: (error: unknown) => void,
): Promise<string> {
  const handle = async (message: ConsumeMessage) => {
    const { messageId } = message.properties;
    // A message without an id can't be distinguished from its own repeat.
    if (typeof messageId !== 'string') return channel.nack(message, false, false);
    try {
      await consume(store, { consumer: queue, messageId, lifetime: WEEK }, (tx) =>
        effect(tx, JSON.parse(message.content.toString())),
      );
    } catch (error) {
      channel.nack(message, false, true);
      throw error;
    }
    channel.ack(message); // after the commit: if the acknowledgement is lost, the repeat finds the key
  };
  await channel.prefetch(10);
  const { consumerTag } = await channel.consume(queue, (message) => {
    if (message !== null) handle(message).catch(report); // a closed channel ends here too: the broker delivers again
  });
  return consumerTag;
}
