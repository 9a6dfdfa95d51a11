import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FailureWindow } from '../../src/guard/failure-window.ts';
import { FailureWindow as WebFailureWindow } from '../../src/guard/failure-window.web.ts';

const rules = fc.record({
  threshold: fc.constantFrom(0.1, 1 / 3, 0.5, 0.8, 1),
  minimum: fc.integer({ min: 1, max: 8 }),
  window: fc.constantFrom(10, 1_000),
});
/** Of a window's length, since the outcome before. */
const outcomes = fc.array(
  fc.record({ good: fc.boolean(), later: fc.constantFrom(0, 0, 0, 0.03, 0.1, 0.31, 1, 2.5) }),
  { maxLength: 60 },
);

test("the browser's window opens when opossum's does", async () => {
  await fc.assert(
    fc.asyncProperty(rules, outcomes, async (rule, all) => {
      const windows = [new FailureWindow(rule, 0), new WebFailureWindow(rule, 0)] as const;
      let now = 0;
      for (const { good, later } of all) {
        now += later * rule.window;
        const [opossum, web] = await Promise.all(
          windows.map((window) => (good ? window.success(now) : window.failure(now))),
        );
        expect(web).toBe(opossum);
        expect(windows[1].isIdle(now)).toBe(windows[0].isIdle(now));
        expect(windows[1].isCurrent(now)).toBe(windows[0].isCurrent(now));
        if (web === true) break;
      }
      for (const window of windows) window.close();
    }),
    { numRuns: 300 },
  );
});
