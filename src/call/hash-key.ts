import { v5 as uuidv5 } from 'uuid';

/** Never change it: the same key would have another hash in yesterday's logs. */
const NAMESPACE = 'c2b1f5de-0b6a-4a0e-9a7f-6f7f2f8f6a35';

/**
 * What events show in the place of an idempotency key that you gave: a UUID v5 (SHA-1) of the key. The same key has the
 * same hash in every process, so a key from your database finds its lines in the logs.
 *
 * @example logs.search({ idempotencyKey: hashKey(order.id) });
 */
export function hashKey(key: string): string {
  return uuidv5(key, NAMESPACE);
}
