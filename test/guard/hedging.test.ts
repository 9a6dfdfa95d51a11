import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget } from '../../src/guard/budget.ts';
import { type HedgeRule, Hedging } from '../../src/guard/hedging.ts';
import { Latencies } from '../../src/guard/latencies.ts';
import { compilePolicies } from '../support/compile-policies.ts';
import { departure, entry } from './departure.ts';

const rule: HedgeRule = { after: 'p95', ratio: 0.05 };

/** So many answers, each after so long, one after the other. */
function answered(hedging: Hedging, answers: number, ms: number): void {
  for (let i = 0; i < answers; i++) hedging.answered('/', i, ms);
}

test('of few or many answers, a quantile is no less than the truth, and a tenth more at most', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 1, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 199 }),
      fc.constantFrom(0.5, 0.9, 0.95, 0.99),
      (all, share) => {
        const latencies = new Latencies();
        for (const ms of all) latencies.add(ms);
        const sorted = [...all].sort((one, other) => one - other);
        const exact = sorted[Math.ceil(share * all.length - 1e-9) - 1] ?? 0;
        const said = latencies.quantile(share);
        expect(said).toBeGreaterThanOrEqual(exact * 0.999_999);
        expect(said).toBeLessThanOrEqual(exact * 1.1 * 1.000_001);
      },
    ),
  );
});

test('what was long ago is forgotten: a few hundred answers later it is the new ones that count', () => {
  const latencies = new Latencies();
  for (let i = 0; i < 10_000; i++) latencies.add(20);
  for (let i = 0; i < 400; i++) latencies.add(1_000);
  expect(latencies.quantile(0.5)).toBeGreaterThanOrEqual(1_000);
  expect(latencies.total).toBeLessThan(200);
});

test('a share is known from twenty answers on; milliseconds are from the start', () => {
  const hedging = new Hedging();
  expect(hedging.lateness('/', { ...rule, after: 70 })).toBe(70);
  answered(hedging, 19, 20);
  expect(hedging.lateness('/', rule)).toBe(Number.POSITIVE_INFINITY);
  answered(hedging, 1, 20);
  expect(hedging.lateness('/', rule)).toBeLessThan(50);
  expect(hedging.lateness('/other', rule)).toBe(Number.POSITIVE_INFINITY);
});

test('the latencies of a hundred endpoints are kept; with one more it begins anew', () => {
  const hedging = new Hedging();
  answered(hedging, 20, 20);
  for (let i = 1; i < 100; i++) hedging.began(`/${i}`, i);
  expect(hedging.lateness('/', rule)).toBeLessThan(50);
  hedging.began('/100', 100);
  expect(hedging.lateness('/', rule)).toBe(Number.POSITIVE_INFINITY);
});

test('no attempt is late before twice the median, whatever was asked for', () => {
  const hedging = new Hedging();
  answered(hedging, 100, 400);
  expect(hedging.lateness('/', rule)).toBeGreaterThanOrEqual(800);
  expect(hedging.lateness('/', { ...rule, after: 100 })).toBeGreaterThanOrEqual(800);
});

test('late is late by comparison: it is alone, or one that began well after it was answered', () => {
  const hedging = new Hedging();
  hedging.began('/', 1_000);
  expect(hedging.isOutlier('/', 1_000, 40)).toBe(true);
  hedging.began('/', 1_050);
  expect(hedging.isOutlier('/', 1_000, 40)).toBe(false);
  hedging.answered('/', 1_010, 20);
  expect(hedging.isOutlier('/', 1_000, 40)).toBe(false);
  hedging.answered('/', 1_050, 20);
  expect(hedging.isOutlier('/', 1_000, 40)).toBe(true);
});

test('each answer earns its share of a hedge, and twenty are saved up at most', () => {
  const hedging = new Hedging();
  for (let i = 0; i < 19; i++) hedging.earn(rule);
  expect(hedging.isAffordable).toBe(false);
  for (let i = 0; i < 1_000; i++) hedging.earn(rule);
  let sent = 0;
  for (; hedging.isAffordable; sent++) hedging.sent();
  expect(sent).toBe(20);
  hedging.takeBack();
  expect(hedging.isAffordable).toBe(true);
});

test('a budget lends a hedge nothing: it is paid from what answers have earned', () => {
  const budget = new Budget({ ratio: 0.5, reserve: 4 }, () => 0.5);
  const hedge = entry(1, 0, { isHedge: true });
  expect(budget.refusal(entry(2, 0))).toBeUndefined();
  expect(budget.refusal(hedge)).toMatchObject({ by: 'budget' });
  for (let i = 0; i < 2; i++) budget.leave(budget.enter(entry(1, 0)), departure('success', 0));
  expect(budget.refusal(hedge)).toBeUndefined();
  const permit = budget.enter(hedge);
  expect(budget.allowed(permit)).toBe('saved');
  expect(budget.refusal(hedge)).toMatchObject({ by: 'budget' });
  budget.leave(permit, departure('ignored', 0));
  expect(budget.level(0)).toBe(0);
});

test.each([
  [true, '; write {} for the defaults'],
  ['p95', '; write { after: "p95" }'],
  [50, '; write { after: 50 }'],
])('a hedge that is %j is refused, and what to write is said', (value, hint) => {
  expect(() => compilePolicies({ hedge: value as never })).toThrow(hint);
});

test('an empty object is all defaults', () => {
  expect(compilePolicies({ hedge: {} }).base.hedge).toEqual({ after: 'p95', ratio: 0.05 });
});
