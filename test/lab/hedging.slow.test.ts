import { expect, test } from 'vitest';
import { BROWN, face } from './tails.ts';

const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
const hedge = {};
const MINUTES = 60_000;

/** Of all calls with all seeds. */
function p99(took: readonly number[]): number {
  return took.toSorted((one, other) => one - other)[Math.floor(0.99 * took.length)] ?? Number.NaN;
}

test(
  'one slow answer in twenty: p99 is a fifth or less, at 1.06 requests a call or fewer',
  async () => {
    const without: number[] = [];
    const hedged: number[] = [];
    for (const seed of seeds) {
      const [plain, cut] = [await face('tail', {}, seed), await face('tail', { hedge }, seed)];
      without.push(...plain.took);
      hedged.push(...cut.took);
      console.log(
        `seed ${seed}: p99 ${plain.p99} ms, hedged ${cut.p99} ms at ${cut.since(0).toFixed(3)} requests a call`,
      );
      expect(cut.since(0)).toBeLessThanOrEqual(1.06);
    }
    console.log(`all ${without.length} calls: p99 ${p99(without)} ms, hedged ${p99(hedged)} ms`);
    expect(hedged.length).toBeGreaterThan(30_000);
    expect(p99(without) / p99(hedged)).toBeGreaterThanOrEqual(5);
  },
  10 * MINUTES,
);

test(
  'a service that is slow for everybody gets 1.01 requests a call or fewer',
  async () => {
    for (const seed of seeds) {
      const [slow, brownOut] = [await face('slow', { hedge }, seed), await face('brownOut', { hedge }, seed)];
      const requests = [slow.since(0), brownOut.since(BROWN)].map((perCall) => perCall.toFixed(3));
      console.log(
        `seed ${seed}: always slow ${requests[0]}, after it slowed down ${requests[1]} requests a call`,
      );
      expect(slow.since(0)).toBeLessThanOrEqual(1.01);
      expect(brownOut.since(BROWN)).toBeLessThanOrEqual(1.01);
    }
  },
  10 * MINUTES,
);

test(
  'with a fixed delay and retries that cost nothing, it does not get more, either',
  async () => {
    const { since } = await face('slow', { hedge: { after: 100, ratio: 1 }, budget: false }, 1);
    expect(since(0)).toBeLessThanOrEqual(1.01);
  },
  MINUTES,
);
