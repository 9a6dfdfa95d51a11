import { expect, test } from 'vitest';
import { capacity } from '../../src/lab/storms/capacity.ts';

test('an adaptive limit follows a capacity that halves and doubles; without one most of it is lost', async () => {
  const measured = async (strategy: string) => {
    const found = capacity.experiments.find(
      (one) => one.strategy === strategy && one.condition.startsWith('slows down'),
    );
    return (await found?.run(1))?.measures ?? {};
  };
  const { load: _load, ...adaptive } = await measured('steadfetch with an adaptive limit');
  const { load, ...without } = await measured('steadfetch');
  expect(Math.min(...Object.values(adaptive))).toBeGreaterThanOrEqual(0.95);
  expect(Math.max(...Object.values(without))).toBeLessThan(0.5);
}, 60_000);
