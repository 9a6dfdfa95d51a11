import { expect, test } from 'vitest';
import { BROWN, face } from './tails.ts';

// Twenty seeds: hedging.slow.test.ts.
test.each([1])(
  'hedging cuts a tail off, and adds nothing to a service that is slow for everybody: seed %i',
  async (seed) => {
    const [without, hedged] = [await face('tail', {}, seed), await face('tail', { hedge: {} }, seed)];
    expect(without.p99 / hedged.p99).toBeGreaterThanOrEqual(5);
    expect(hedged.since(0)).toBeLessThanOrEqual(1.06);
    expect((await face('slow', { hedge: {} }, seed)).since(0)).toBeLessThanOrEqual(1.01);
    expect((await face('brownOut', { hedge: {} }, seed)).since(BROWN)).toBeLessThanOrEqual(1.01);
  },
);
