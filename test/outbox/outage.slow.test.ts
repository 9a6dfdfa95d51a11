import { expect, test } from 'vitest';
import { playOutage } from './outage.ts';

// `npm run outage:outbox` plays an hour's, with 10,000 calls at the same rate.
test('after an outage of ten minutes the receiver never sees more than 1.5 times its normal rate, from two workers, and all is delivered', {
  timeout: 600_000,
}, async () => {
  const after = await playOutage({ calls: 1_667, minutes: 10, workers: 2 });
  expect(after.added).toBeGreaterThan(7_000);
  expect(after).toMatchObject({ delivered: after.added, dead: 0 });
  expect(after.most).toBeGreaterThan(after.normal);
  expect(after.most).toBeLessThanOrEqual(1.5 * after.normal);
  expect(after.longestWait).toBeLessThan(40 * 60_000);
});
