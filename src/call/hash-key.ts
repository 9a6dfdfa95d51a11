import { v5 as uuidv5 } from '../platform/uuid.ts';

/** Never change this: the same key would get another hash than in older logs. */
const NAMESPACE = 'c2b1f5de-0b6a-4a0e-9a7f-6f7f2f8f6a35';

/**
 * The hash that events show instead of an idempotency key that you gave: a UUID v5 (SHA-1) of the key. A key has the same hash in
 * every process, so you can look for a key of your database in the logs.
 *
 * @example logs.search({ idempotencyKey: hashKey(order.id) });
 */
export function hashKey(key: string): string {
  return uuidv5(key, NAMESPACE);
}
