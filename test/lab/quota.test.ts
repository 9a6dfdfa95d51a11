import { describe, expect, test } from 'vitest';
import { quota } from '../../src/lab/storms/quota.ts';

const WITH = 'steadfetch with quota: true';
const WITHOUT = 'steadfetch';

async function run(strategy: string, condition: string, seed: number) {
  const found = quota.experiments.find((one) => one.strategy === strategy && one.condition === condition);
  const {
    use = Number.NaN,
    refused = Number.NaN,
    success = Number.NaN,
  } = (await found?.run(seed))?.measures ?? {};
  return { use, refused, success };
}

// Twenty seeds: `npm run lab -- --storm S --check`.
describe.each(['a window, one process', 'a bucket, one process'])('a published quota, as %s', (condition) => {
  test('is used up without one refusal; without the option there are many', async () => {
    const kept = await run(WITH, condition, 1);
    expect(kept).toMatchObject({ refused: 0, success: 1 });
    expect(kept.use).toBeGreaterThanOrEqual(0.98);
    expect((await run(WITHOUT, condition, 1)).refused).toBeGreaterThan(20);
  });
});

test('ten processes that share a quota are no worse off with the option, in the mean of four seeds', async () => {
  const mean = { kept: { refused: 0, success: 0 }, plain: { refused: 0, success: 0 } };
  for (const seed of [1, 2, 3, 4]) {
    for (const [name, strategy] of [
      ['kept', WITH],
      ['plain', WITHOUT],
    ] as const) {
      const { refused, success } = await run(strategy, 'a window, 10 processes', seed);
      mean[name].refused += refused / 4;
      mean[name].success += success / 4;
    }
  }
  expect(mean.kept.refused).toBeLessThan(mean.plain.refused);
  // Chance: other calls are late, by up to three in a hundred with a single seed.
  expect(mean.kept.success).toBeGreaterThan(mean.plain.success - 0.01);
});
