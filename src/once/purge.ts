import { clientCheck, wholeNumber } from './checks.ts';
import type { Store } from './store.ts';

const checkPurgeable = clientCheck<Store>(
  'a store with purge(); for a transactional one, the store that it came from',
  ['purge'],
);
const checkBatch = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/**
 * Removes the keys whose lifetime has ended, in batches, until none is left. Run it from a timer or a cron job. Several runs at
 * the same time are safe. Redis removes its keys itself.
 *
 * @param store a store; for a transactional one, the store that it came from
 * @param batch the number of keys per statement. Default: 1000.
 * @returns the number of keys that were removed
 * @throws {PolicyError} An argument is wrong.
 * @example setInterval(() => purge(store).catch(log.error), 60_000).unref();
 */
export async function purge(store: Store, batch = 1_000): Promise<number> {
  checkPurgeable(store, 'store');
  checkBatch(batch, 'batch');
  let removed = 0;
  for (;;) {
    const gone = await store.purge(batch);
    removed += gone;
    if (gone < batch) return removed;
  }
}
