/** Kafka + PostgreSQL: every message has one effect, however often it is delivered. */
import type { Consumer, EachMessagePayload } from 'kafkajs';
import { consume, type TransactionalStore } from 'steadfetch/once';

const MONTH = 30 * 86_400_000;

/**
 * The offset is committed after the transaction. If that commit is lost, the message is delivered again, and its repeat finds the
 * key. A message is identified by topic, partition and offset. Set a lifetime longer than the topic's retention. A topic that is
 * deleted and made again needs another `name`, because its offsets begin again.
 */
export async function consumeTopic<Tx>(
  consumer: Consumer,
  name: string,
  store: TransactionalStore<Tx>,
  effect: (tx: Tx, message: unknown) => Promise<void>,
): Promise<void> {
  const handle = async ({ topic, partition, message }: EachMessagePayload) => {
    const messageId = `${topic}-${partition}-${message.offset}`;
    // An effect that throws stops the partition here: kafkajs delivers this message again before the next one.
    await consume(store, { consumer: name, messageId, lifetime: MONTH }, (tx) =>
      effect(tx, JSON.parse(String(message.value))),
    );
    const next = String(BigInt(message.offset) + 1n);
    await consumer.commitOffsets([{ topic, partition, offset: next }]);
  };
  await consumer.run({ autoCommit: false, eachMessage: handle });
}
