import fc from 'fast-check';
import CircuitBreaker from 'opossum';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FailureWindow } from '../../src/guard/failure-window.ts';
import { FailureWindow as WebFailureWindow } from '../../src/guard/failure-window.web.ts';

const original = CircuitBreaker.prototype.fire;

const rules = fc.record({
  threshold: fc.constantFrom(0.1, 1 / 3, 0.5, 0.8, 1),
  minimum: fc.integer({ min: 1, max: 8 }),
  window: fc.constantFrom(10, 1_000),
});
/** What happens at one moment: successes, or failures that come together; and how long after the moment before, of a window's length. */
const moments = fc.array(
  fc.record({
    good: fc.boolean(),
    times: fc.integer({ min: 1, max: 4 }),
    undecided: fc.constantFrom(0, 0, 0, 1, 5),
    later: fc.constantFrom(0, 0, 0, 0, 0.03, 0.1, 0.31, 1, 2.5),
  }),
  { maxLength: 60 },
);

test("the browser's window opens when opossum's does, which is not asked about every failure", async () => {
  let asked = 0;
  let failed = 0;
  const fire = vi.spyOn(CircuitBreaker.prototype, 'fire').mockImplementation(function (this: CircuitBreaker) {
    asked += 1;
    return original.call(this);
  });
  onTestFinished(() => fire.mockRestore());
  await fc.assert(
    fc.asyncProperty(rules, moments, async (rule, all) => {
      const opossum = new FailureWindow(rule, 0);
      const web = new WebFailureWindow(rule, 0);
      let now = 0;
      for (const { good, times, undecided, later } of all) {
        now += later * rule.window;
        const opened = [opossum, web].map((window) => {
          const each = Array.from({ length: times }, () =>
            good ? window.success(now) : window.failure(now, undecided),
          );
          return Promise.all(each).then((words) => words.includes(true));
        });
        if (!good) failed += times;
        const [byOpossum, byWeb] = await Promise.all(opened);
        expect(byWeb).toBe(byOpossum);
        if (byWeb) break;
        expect(web.counts(now)).toEqual(opossum.counts(now));
        expect(web.isIdle(now)).toBe(opossum.isIdle(now));
        expect(web.isCurrent(now)).toBe(opossum.isCurrent(now));
      }
      opossum.close();
    }),
    { numRuns: 600 },
  );
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(failed);
});
