import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BudgetRule, Budget as Guard } from '../../src/guard/budget.ts';

const rule = { ratio: 0.2, reserve: 3 };

type Token = 'saved' | 'lent';

/** The guard, as a list of what is done to it. */
class Budget {
  #guard: Guard | undefined;

  #by(rule: BudgetRule): Guard {
    this.#guard ??= new Guard(rule);
    return this.#guard;
  }

  begin(rule: BudgetRule, now: number): void {
    this.#by(rule).enter({ number: 1, now });
  }

  isEmpty(rule: BudgetRule, now: number): boolean {
    return this.#by(rule).refusal({ number: 2, now }) !== undefined;
  }

  withdraw(rule: BudgetRule, now: number): Token | undefined {
    if (this.isEmpty(rule, now)) return undefined;
    return this.#by(rule).enter({ number: 2, now }) === 1 ? 'saved' : 'lent';
  }

  answered(rule: BudgetRule, now: number, token: Token | undefined): void {
    const permit = token === undefined ? 0 : token === 'saved' ? 1 : 2;
    this.#by(rule).leave(permit, { outcome: 'success', reason: 'success', now });
  }
}

function withdrawAll(budget: Budget, now: number): Token[] {
  const tokens: Token[] = [];
  for (let token = budget.withdraw(rule, now); token; token = budget.withdraw(rule, now)) tokens.push(token);
  return tokens;
}

function answer(budget: Budget, now: number, times = 1): void {
  for (let i = 0; i < times; i++) budget.answered(rule, now, undefined);
}

test('a client that makes a single call may use all its attempts', () => {
  const budget = new Budget();
  budget.begin(rule, 0);
  expect(withdrawAll(budget, 10_000)).toEqual(['lent', 'lent', 'lent']);
});

test('what the first call did not need is not there for a second one', () => {
  const budget = new Budget();
  budget.begin(rule, 0);
  answer(budget, 100);
  budget.begin(rule, 10_000);
  expect(withdrawAll(budget, 10_000)).toEqual([]);
});

test('calls that begin together share the loan of the first', () => {
  const budget = new Budget();
  for (let call = 0; call < 10; call++) budget.begin(rule, 20 * call);
  expect(withdrawAll(budget, 2_000)).toHaveLength(3);
  expect(withdrawAll(budget, 2_000)).toHaveLength(0);
});

test('a client that calls once a minute may use all its attempts each time, if the call before was answered', () => {
  const budget = new Budget();
  for (let minute = 0; minute < 10; minute++) {
    const now = 60_000 * minute;
    budget.begin(rule, now);
    expect(withdrawAll(budget, now).filter((token) => token === 'lent')).toHaveLength(3);
    answer(budget, now);
  }
});

test('in an outage it gets one loan, and then none until there was an answer', () => {
  const budget = new Budget();
  const lent: number[] = [];
  for (let minute = 0; minute < 5; minute++) {
    const now = 60_000 * minute;
    budget.begin(rule, now);
    lent.push(withdrawAll(budget, now).length);
  }
  expect(lent).toEqual([3, 0, 0, 0, 0]);
  answer(budget, 300_000);
  budget.begin(rule, 360_000);
  expect(withdrawAll(budget, 360_000)).toHaveLength(3);
});

test('answers bring tokens in proportion, calls alone bring none', () => {
  const budget = new Budget();
  for (let call = 0; call < 1_000; call++) budget.begin(rule, call);
  budget.begin(rule, 1_000);
  expect(withdrawAll(budget, 1_000)).toEqual([]);
  answer(budget, 1_000, 10);
  expect(withdrawAll(budget, 1_000)).toEqual(['saved', 'saved']);
});

test('a retry that was answered gets its token back, one that was not does not', () => {
  const budget = new Budget();
  answer(budget, 0, 5);
  const token = budget.withdraw(rule, 0);
  expect(budget.isEmpty(rule, 0)).toBe(true);
  budget.answered(rule, 0, token);
  expect(withdrawAll(budget, 0)).toEqual(['saved']);
});

test('a lent token does not come back: it was never earned', () => {
  const budget = new Budget();
  budget.begin(rule, 0);
  budget.answered(rule, 0, budget.withdraw(rule, 0));
  budget.begin(rule, 1_000);
  expect(withdrawAll(budget, 1_000)).toEqual([]);
});

test('a scope with little traffic saves up its reserve and keeps it', () => {
  const budget = new Budget();
  for (let call = 0; call < 100; call++) answer(budget, 20_000 * call);
  expect(withdrawAll(budget, 2_000_000)).toEqual(['saved', 'saved', 'saved']);
});

test('a scope with much traffic saves up what about two seconds of it bring', () => {
  const budget = new Budget();
  for (let call = 0; call < 60_000; call++) answer(budget, call);
  const tokens = withdrawAll(budget, 60_000).length;
  expect(tokens).toBeGreaterThan(0.9 * (3 + 2 * 200));
  expect(tokens).toBeLessThan(1.1 * (3 + 2 * 200));
});

/** What one client does in one step of time. */
const step = fc.record({
  wait: fc.nat(5_000),
  answered: fc.boolean(),
  retries: fc.array(fc.boolean(), { maxLength: 4 }),
});

test('whatever happens, retries that fail stay within ratio × answers + one reserve for each call that was alone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const budget = new Budget();
      let now = 0;
      let wasted = 0;
      let answers = 0;
      for (const { wait, answered, retries } of steps) {
        now += wait;
        budget.begin(rule, now);
        if (answered) {
          answers++;
          budget.answered(rule, now, undefined);
          continue;
        }
        for (const succeeds of retries) {
          const token = budget.withdraw(rule, now);
          if (token === undefined) break;
          if (!succeeds) wasted++;
          else {
            answers++;
            budget.answered(rule, now, token);
            break;
          }
        }
      }
      // Never silent for long enough, so only the first call was alone.
      expect(wasted).toBeLessThanOrEqual(answers * rule.ratio + rule.reserve + 1e-6);
    }),
  );
});

test('a fleet of a thousand young clients cannot multiply an outage', () => {
  const fleet = Array.from({ length: 1_000 }, () => new Budget());
  let retries = 0;
  const calls = 30_000;
  for (let call = 0; call < calls; call++) {
    const budget = fleet[call % fleet.length];
    budget?.begin(rule, 10 * call);
    if (budget) retries += withdrawAll(budget, 10 * call).length;
  }
  expect(retries).toBe(fleet.length * rule.reserve);
});

test('it is empty exactly when it gives no token', () => {
  const budget = new Budget();
  expect(budget.isEmpty(rule, 0)).toBe(true);
  budget.begin(rule, 0);
  for (let lent = 3; lent > 0; lent--) {
    expect(budget.isEmpty(rule, 0)).toBe(false);
    budget.withdraw(rule, 0);
  }
  expect(budget.isEmpty(rule, 0)).toBe(true);
  answer(budget, 0, 5);
  expect(budget.isEmpty(rule, 0)).toBe(false);
  expect(budget.withdraw(rule, 0)).toBe('saved');
  expect(budget.isEmpty(rule, 0)).toBe(true);
});

test('a call after a silence of exactly 50 seconds is alone, and a burst lasts exactly 250 ms', () => {
  const later = 1_000_000;
  const budget = new Budget();
  budget.begin(rule, later);
  answer(budget, later);
  budget.begin(rule, later + 50_000);
  budget.begin(rule, later + 50_250);
  expect(withdrawAll(budget, later + 50_250)).toHaveLength(3);
  answer(budget, later + 50_250);
  budget.begin(rule, later + 110_000);
  budget.begin(rule, later + 110_251);
  expect(withdrawAll(budget, later + 110_251)).toHaveLength(0);
});
