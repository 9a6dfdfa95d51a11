import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget } from '../../src/guard/budget.ts';

const rule = { ratio: 0.2, reserve: 3 };

function withdrawAll(budget: Budget, now: number): number {
  let tokens = 0;
  while (budget.withdraw(rule, now)) tokens++;
  return tokens;
}

test('a single call may use all its attempts from the reserve', () => {
  const budget = new Budget(rule, 0);
  budget.deposit(rule);
  expect(withdrawAll(budget, 0)).toBe(3);
});

test('the reserve comes back with time, one retry every ten seconds, and never grows beyond itself', () => {
  const budget = new Budget(rule, 0);
  expect(withdrawAll(budget, 0)).toBe(3);
  expect(withdrawAll(budget, 9_999)).toBe(0);
  expect(withdrawAll(budget, 10_000)).toBe(1);
  expect(withdrawAll(budget, 1_000_000)).toBe(3);
});

test('calls bring tokens in proportion', () => {
  const budget = new Budget(rule, 0);
  withdrawAll(budget, 0);
  for (let call = 0; call < 20; call++) budget.deposit(rule);
  expect(withdrawAll(budget, 0)).toBe(4);
});

test('a long quiet stretch saves up ten retries and no more', () => {
  const budget = new Budget(rule, 0);
  withdrawAll(budget, 0);
  for (let call = 0; call < 10_000; call++) budget.deposit(rule);
  expect(withdrawAll(budget, 0)).toBe(10);
});

test('whatever the order of calls and failures, retries stay within ratio × calls + reserve + what time gave back', () => {
  const step = fc.record({ wait: fc.nat(5_000), retries: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const budget = new Budget(rule, 0);
      let now = 0;
      let retries = 0;
      for (const { wait, retries: wanted } of steps) {
        now += wait;
        budget.deposit(rule);
        for (let i = 0; i < wanted; i++) if (budget.withdraw(rule, now)) retries++;
      }
      expect(retries).toBeLessThanOrEqual(steps.length * rule.ratio + rule.reserve + now / 10_000 + 1e-6);
    }),
  );
});
