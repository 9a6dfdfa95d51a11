import { clientCheck, wholeNumber } from './checks.ts';
import type { Store } from './store.ts';

const checkPurgeable = clientCheck<Store>(
  'a store with purge(); for a transactional one, the store that it came from',
  ['purge'],
);
const checkBatch = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/**
 * Removes the keys whose lifetime has ended, batch after batch, until none is left. Run it from a timer or a cron job;
 * several at once do not disturb each other. Redis removes its keys itself.
 *
 * @param batch How many keys are removed in one statement. Default: 1000.
 * @returns How many were removed.
 * @throws PolicyError a bad argument.
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
