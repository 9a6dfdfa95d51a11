import { expect, it } from 'vitest';
import { brokenPromises, summary } from './end-to-end/broken-promises.ts';
import { databaseService, memoryService } from './end-to-end/order-service.ts';
import { trial } from './end-to-end/trial.ts';

it.concurrent.each([
  ['memory, under a lease', async (seed: number) => memoryService(seed)],
  ['PostgreSQL or PGlite, in a transaction', databaseService],
])(
  'one effect for each order and the truth for each caller, through every fault: %s',
  {
    timeout: 60_000,
  },
  async (_, open) => {
    const seed = 6;
    const service = await open(seed);
    try {
      const observed = await trial({ service, orders: 300, seed });
      expect(brokenPromises(observed)).toEqual([]);
      const { effects, ...counts } = summary(observed);
      expect(effects).toBe(300);
      // The run must have met trouble: calls ended in every way, and callers had to ask again.
      expect(counts['knew after asking again']).toBeGreaterThan(0);
      expect(counts['attempts not sent']).toBeGreaterThan(0);
      expect(counts['calls with unknown outcome']).toBeGreaterThan(0);
    } finally {
      await service.close();
    }
  },
);
