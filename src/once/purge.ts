import type { Store } from './store.ts';

/**
 * Removes the keys whose lifetime has ended, batch after batch, until none is left. Run it from a timer or a cron job;
 * several at once do not disturb each other. Redis removes its keys itself.
 *
 * @param batch How many keys are removed in one statement. Default: 1000.
 * @returns How many were removed.
 */
export async function purge(store: Store, batch = 1_000): Promise<number> {
  if (!Number.isSafeInteger(batch) || batch < 1)
    throw new TypeError(`batch is ${batch}; it must be a whole number, 1 or more`);
  let removed = 0;
  for (;;) {
    const gone = await store.purge(batch);
    removed += gone;
    if (gone < batch) return removed;
  }
}
