import { expect, it } from 'vitest';
import { databaseShop, memoryShop } from './end-to-end/shop.ts';
import { trial } from './end-to-end/trial.ts';
import { brokenPromises, summary } from './end-to-end/verdict.ts';

it.concurrent.each([
  ['memory, under a lease', async (seed: number) => memoryShop(seed)],
  ['PostgreSQL or PGlite, in a transaction', databaseShop],
])(
  'one effect for each order and the truth for each caller, through every fault: %s',
  {
    timeout: 60_000,
  },
  async (_, open) => {
    const seed = 6;
    const shop = await open(seed);
    try {
      const observed = await trial({ shop, orders: 300, seed });
      expect(brokenPromises(observed)).toEqual([]);
      const { effects, ...counts } = summary(observed);
      expect(effects).toBe(300);
      // It was no walk in the sun: calls ended in every way, and callers had to ask again.
      expect(counts['knew after asking again']).toBeGreaterThan(0);
      expect(counts['attempts not sent']).toBeGreaterThan(0);
      expect(counts['calls with unknown outcome']).toBeGreaterThan(0);
    } finally {
      await shop.close();
    }
  },
);
