import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Budget } from '../../src/guard/budget.ts';
import type { Entry, Permit } from '../../src/guard/guard.ts';
import { departure, entry } from './departure.ts';

const rule = { ratio: 0.2, reserve: 4 };
const FREE = 0;

function setup(overrides: Partial<typeof rule> = {}, random = () => 0) {
  const budget = new Budget({ ...rule, ...overrides }, random);
  return {
    budget,
    call: (now: number) => budget.enter(entry(1, now)),
    /** The permit of one retry; undefined: it was refused. */
    retry: (now: number, more: Partial<Entry> = {}): Permit | undefined => {
      const asking = entry(2, now, more);
      return budget.refusal(asking) === undefined ? budget.enter(asking) : undefined;
    },
    answer: (now: number, permit: Permit = FREE, more = {}) => {
      budget.leave(permit, departure('success', now, more));
    },
    fail: (now: number, permit: Permit = FREE, more = {}) =>
      budget.leave(permit, departure('failure', now, more)),
  };
}

function retries(one: ReturnType<typeof setup>, now: number, more: Partial<Entry> = {}): number {
  let count = 0;
  while (one.retry(now, more) !== undefined) count++;
  return count;
}

describe('a loan', () => {
  test('gives a client that makes a single call all its attempts', () => {
    const one = setup();
    one.call(0);
    expect(retries(one, 0)).toBe(4);
  });

  test('is for two retries if others call too: a fleet can multiply an outage by no more', () => {
    const one = setup();
    one.call(0);
    expect(one.retry(0)).toBeDefined();
    one.call(100);
    expect(retries(one, 100)).toBe(1);
  });

  test('takes its time after the first two: more than twice the pauses of the call', () => {
    const one = setup();
    one.call(0);
    retries(one, 0, { span: 1_000 });
    expect(one.retry(2_499, { span: 1_000 })).toBeUndefined();
    expect(one.retry(2_500, { span: 1_000 })).toBeDefined();
  });

  test.each([
    ['network', 28_000],
    ['timeout', 28_000],
    // A service that sheds load pays for each refusal.
    ['status', 90_000],
  ] as const)(
    'comes again for a retry after "%s" some %i ms later, if there was an answer',
    (after, again) => {
      const one = setup({}, () => 0.5);
      one.call(0);
      expect(retries(one, 0, { after })).toBe(4);
      one.answer(1_000);
      one.call(again - 1_000);
      expect(retries(one, again - 1, { after })).toBe(0);
      expect(retries(one, again, { after })).toBe(4);
    },
  );

  test('comes again up to two fifths earlier or later: a fleet that borrowed together does not do so again', () => {
    const at = [0, 1].map((chance) => {
      const one = setup({}, () => chance);
      one.call(0);
      expect(retries(one, 0)).toBe(4);
      one.answer(1_000);
      one.call(2_000);
      const { until } = one.budget.refusal(entry(2, 2_000, { after: 'network' })) ?? {};
      return until;
    });
    expect(at).toEqual([16_800, 39_200]);
  });

  test('without an answer is one retry every two to four minutes: enough for trouble to end by it', () => {
    const one = setup();
    one.call(0);
    expect(retries(one, 0)).toBe(4);
    expect(retries(one, 119_999)).toBe(0);
    expect(retries(one, 120_000)).toBe(1);
    expect(retries(one, 240_000)).toBe(1);
  });

  test('that is paid back by an answer may be given again at once: retries that end each trouble are never short', () => {
    const one = setup();
    for (let at = 0; at < 1_000; at += 100) {
      one.call(at);
      one.fail(at);
      one.fail(at, one.retry(at) ?? FREE);
      const last = one.retry(at);
      expect(last).toBeDefined();
      one.answer(at, last);
    }
  });

  test('that no answer paid back is not given again', () => {
    const one = setup();
    one.call(0);
    one.fail(0, one.retry(0) ?? FREE);
    one.fail(0, one.retry(0) ?? FREE);
    one.call(100);
    expect(retries(one, 100)).toBe(0);
  });

  test('there is none with a reserve of 0', () => {
    const one = setup({ reserve: 0 });
    one.call(0);
    expect(retries(one, 1_000_000)).toBe(0);
  });
});

describe('savings', () => {
  const withoutLoan = (overrides: Partial<typeof rule> = {}) => {
    const one = setup(overrides);
    one.call(0);
    retries(one, 0);
    return one;
  };

  test('grow by answers in proportion; calls alone bring nothing', () => {
    const one = withoutLoan();
    for (let i = 0; i < 1_000; i++) one.call(1_000);
    expect(retries(one, 1_000)).toBe(0);
    for (let i = 0; i < 10; i++) one.answer(1_000);
    expect(retries(one, 1_000)).toBe(2);
  });

  test('get back the token of a retry that was answered, and not of one that failed', () => {
    const one = withoutLoan({ ratio: 1 });
    one.answer(0);
    const permit = one.retry(0);
    one.answer(0, permit);
    expect(retries(one, 0)).toBe(2);
    one.answer(0);
    one.fail(0, one.retry(0), { reason: 'network' });
    expect(retries(one, 0)).toBe(0);
  });

  test('pay three times for a retry that is refused again: the refusal took some of the service’s work', () => {
    const one = withoutLoan({ ratio: 1 });
    for (let i = 0; i < 4; i++) one.answer(0);
    one.fail(0, one.retry(0), { reason: 'status' });
    expect(retries(one, 0)).toBe(1);
  });

  test('get back the token of a retry that was never sent', () => {
    const one = withoutLoan({ ratio: 1 });
    one.answer(0);
    one.budget.cancel(one.retry(0) ?? FREE);
    expect(retries(one, 0)).toBe(1);
    one.answer(0);
    one.fail(0, one.retry(0), { sent: false });
    expect(retries(one, 0)).toBe(1);
  });

  test('get a whole token from the answer that ends three failures in a row', () => {
    const one = withoutLoan();
    for (let i = 0; i < 3; i++) one.fail(0);
    one.answer(0);
    expect(retries(one, 0)).toBe(1);
  });

  test('beyond the reserve fade within seconds; the reserve is kept', () => {
    const one = withoutLoan({ ratio: 1 });
    for (let i = 0; i < 100; i++) one.answer(0);
    expect(retries(one, 30_000)).toBe(4);
  });
});

describe('a retry after a timeout', () => {
  const slow = (one: ReturnType<typeof setup>) => {
    for (let i = 0; i < 20; i++) one.answer(0, FREE, { duration: 3_000 });
  };

  test('costs as much as any other while answers are quick: the silent one was lost', () => {
    const one = setup({ ratio: 1, reserve: 0 });
    for (let i = 0; i < 5; i++) one.answer(0);
    expect(retries(one, 0, { after: 'timeout' })).toBe(5);
  });

  test('costs two and a half while answers are slow: the silent one is queued, and so would its repeat be', () => {
    const one = setup({ ratio: 0.25, reserve: 100 });
    slow(one);
    expect(retries(one, 0, { after: 'timeout' })).toBe(2);
  });

  test('is not lent while answers are slow', () => {
    const one = setup({ ratio: 0 });
    slow(one);
    expect(retries(one, 0, { after: 'timeout' })).toBe(0);
    expect(one.retry(0)).toBeDefined();
  });
});

describe('where less than the usual load is sent', () => {
  /** Nothing is left, and the next loan is far away. */
  function spent(overrides = {}) {
    const one = setup(overrides);
    one.call(0);
    retries(one, 0);
    one.fail(0);
    return one;
  }

  test('a retry is sent for nothing: it comes in the place of a call', () => {
    const one = spent();
    expect(one.retry(999, { spare: 1_000 })).toBeUndefined();
    const permit = one.retry(1_000, { spare: 1_000 });
    expect(one.budget.allowed(permit as Permit)).toBe('spare');
    const level = one.budget.level(1_000);
    one.fail(1_000, permit, { reason: 'status' });
    one.budget.cancel(permit as Permit);
    expect(one.budget.level(1_000)).toBe(level);
  });

  test('the refusal tells when it begins', () => {
    const one = spent();
    expect(one.budget.refusal(entry(2, 500, { spare: 1_000 }))).toMatchObject({
      until: 1_000,
      isFixed: false,
    });
  });

  test('one that is answered brings what any answer brings', () => {
    const one = spent();
    const permit = one.retry(1_000, { spare: 1_000 });
    const before = one.budget.level(1_000);
    one.answer(1_000, permit);
    expect(one.budget.level(1_000) - before).toBeCloseTo(rule.ratio);
  });

  test.each([
    ['a hedge: it is always one more', { isHedge: true }, {}],
    ['a retry where answers earn nothing', {}, { ratio: 0 }],
  ])('not %s', (_what, more, overrides) => {
    expect(spent(overrides).retry(1_000, { spare: 1_000, ...more })).toBeUndefined();
  });

  test('not a retry after a timeout while answers are slow: the first request may still be queued', () => {
    const one = spent();
    one.answer(100, FREE, { duration: 9_000 });
    retries(one, 200);
    expect(one.retry(1_000, { spare: 1_000, after: 'timeout' })).toBeUndefined();
    expect(one.retry(1_000, { spare: 1_000 })).toBeDefined();
  });
});

test('a thousand clients that call every ten seconds send two requests a call in the first half minute of an outage, and hardly more than one later', () => {
  let [early, late] = [0, 0];
  for (let client = 0; client < 1_000; client++) {
    const one = setup();
    for (let at = client * 10; at < 300_000; at += 10_000) {
      one.call(at);
      const sent = 1 + retries(one, at) + retries(one, at + 9_000, { span: 4_000 });
      one.fail(at);
      if (at < 30_000) early += sent / 3_000;
      if (at >= 30_000) late += sent / 27_000;
    }
  }
  expect(early).toBeLessThanOrEqual(2.4);
  expect(late).toBeLessThanOrEqual(1.1);
});

test('where every first attempt fails and every retry is answered, no retry is ever refused', () => {
  const one = setup();
  for (let at = 0; at < 1_000_000; at += 1_000) {
    one.call(at);
    one.fail(at);
    const permit = one.retry(at);
    expect(permit).toBeDefined();
    one.answer(at, permit);
  }
});

test('whatever happens, retries that fail stay within ratio × answers + what trouble and loans bring', () => {
  const step = fc.record({
    wait: fc.nat(60_000),
    kind: fc.constantFrom('call', 'answer', 'fail', 'retry'),
    good: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const one = setup();
      let [now, wasted, allowed] = [0, 0, rule.reserve];
      let loanFrom = 0;
      for (const { wait, kind, good } of steps) {
        now += wait;
        for (; loanFrom + 40_000 <= now; loanFrom += 40_000) allowed += rule.reserve;
        if (kind === 'call') one.call(now);
        if (kind === 'fail') one.fail(now);
        if (kind === 'answer') {
          one.answer(now);
          allowed += 1;
        }
        const permit = kind === 'retry' ? one.retry(now) : undefined;
        if (permit === undefined) continue;
        if (good) {
          one.answer(now, permit);
          allowed += 1;
        } else {
          one.fail(now, permit);
          wasted += 1;
        }
      }
      expect(wasted).toBeLessThanOrEqual(allowed + rule.reserve);
    }),
  );
});
