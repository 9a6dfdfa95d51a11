import { describe, expect, it } from 'vitest';
import type { Policy } from '../../src/model/options.ts';
import { defaults } from '../../src/policy/defaults.ts';
import { mergePolicy, resolvePolicy } from '../../src/policy/resolve.ts';
import type { WholePolicy } from '../../src/policy/whole-policy.ts';

const resolve = (...layers: Policy[]) =>
  resolvePolicy(
    layers.reduce<WholePolicy>((base, over) => mergePolicy(base, over, ''), defaults),
    undefined,
    '',
  );

describe('a policy that says nothing', () => {
  it('is the table of defaults', () => {
    const { idempotency, ...rest } = resolve({});
    expect(rest).toEqual({
      endpoint: undefined,
      timeout: { attempt: 10_000, idle: 60_000, body: Number.POSITIVE_INFINITY, total: 30_000 },
      retry: {
        attempts: 5,
        base: 100,
        factor: 3,
        cap: 2_700,
        statuses: new Set([408, 425, 429, 500, 502, 503, 504, 529]),
        retryAfter: 20_000,
        when: undefined,
      },
      scope: 'origin',
      breaker: {
        threshold: 0.8,
        minimum: 12,
        window: 10_000,
        cooldown: 500,
        maxCooldown: 2_000,
      },
      budget: { ratio: 0.2, reserve: 4 },
      limit: false,
      buffer: 0,
      hedge: false,
      patience: 30_000,
      quota: false,
      fallback: undefined,
      vouched: false,
    });
    expect(idempotency).toMatchObject({ header: 'Idempotency-Key', format: 'plain' });
  });
});

describe('a policy merged over another', () => {
  it('replaces the members that it has, and leaves the others', () => {
    const when = () => true;
    const policy = resolve(
      { retry: { attempts: 6, cap: 500, when }, timeout: { total: 9_000 }, budget: { reserve: 1 } },
      { retry: { attempts: 2, statuses: [503] }, timeout: { idle: 1 } },
    );
    expect(policy.retry).toEqual({
      attempts: 2,
      base: 100,
      factor: 3,
      cap: 500,
      statuses: new Set([503]),
      retryAfter: 20_000,
      when,
    });
    expect(policy.timeout).toEqual({
      attempt: 10_000,
      idle: 1,
      body: Number.POSITIVE_INFINITY,
      total: 9_000,
    });
    expect(policy.budget).toEqual({ ratio: 0.2, reserve: 1 });
  });

  it('switches parts off with false; no retry is one attempt', () => {
    const off = resolve(
      { timeout: { total: 1 }, budget: { ratio: 1 }, buffer: 9 },
      { timeout: false, retry: false, idempotency: false, breaker: false, budget: false, buffer: false },
    );
    expect(off).toMatchObject({
      timeout: false,
      idempotency: false,
      breaker: false,
      budget: false,
      buffer: 0,
    });
    expect(off.retry.attempts).toBe(1);
  });

  it('switches parts on again with an object, by the defaults and not by what was there before', () => {
    const off = { timeout: false, retry: false, breaker: false, budget: false } as const;
    const on = resolve({ timeout: { total: 1 }, retry: { attempts: 9 } }, off, {
      timeout: { idle: 7 },
      retry: {},
      breaker: {},
      budget: { reserve: 0 },
    });
    expect(on.timeout).toEqual({ attempt: 10_000, idle: 7, body: Number.POSITIVE_INFINITY, total: 30_000 });
    expect(on.retry.attempts).toBe(5);
    const { scope: _scope, ...numbers } = defaults.breaker;
    expect(on.breaker).toEqual(numbers);
    expect(on.budget).toEqual({ ratio: 0.2, reserve: 0 });
  });

  it('replaces a dialect and a buffer as a whole', () => {
    const policy = resolve(
      { idempotency: 'stripe', buffer: 10 },
      { idempotency: { header: 'X-Key' }, buffer: 20 },
    );
    expect(policy.idempotency).toMatchObject({ header: 'X-Key', retryHeader: undefined, methods: undefined });
    expect(policy.buffer).toBe(20);
    expect(resolve({ idempotency: false }, { idempotency: 'paypal' }).idempotency).toMatchObject({
      header: 'PayPal-Request-Id',
    });
  });
});

describe('a resolved policy', () => {
  it('is frozen, and so are its parts and the defaults', () => {
    const policy = resolve({ retry: { attempts: 2 } });
    for (const part of [
      policy,
      policy.timeout,
      policy.retry,
      policy.idempotency,
      policy.breaker,
      policy.budget,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it.each([
    [{ retry: { base: 5_000 } }, 'retry.base must not be above retry.cap (2700), got 5000'],
    [{ retry: { cap: 50 } }, 'retry.base must not be above retry.cap (50), got 100'],
    [
      { breaker: { maxCooldown: 100 } },
      'breaker.cooldown must not be above breaker.maxCooldown (100), got 500',
    ],
    [{ timeout: { attempt: 60_000 } }, 'timeout.attempt must not be above timeout.total (30000), got 60000'],
    [
      { timeout: { attempt: 1_001, total: 1_000 } },
      'timeout.attempt must not be above timeout.total (1000), got 1001',
    ],
  ])('does not contradict itself: %j', (policy, message) => {
    expect(() => resolve(policy)).toThrow(`${message}; an option left out has its default`);
    expect(() =>
      resolvePolicy(mergePolicy(defaults, policy, 'endpoints["x"]'), 'x', 'endpoints["x"]'),
    ).toThrow(`endpoints["x"].${message}`);
  });

  it('may have limits that are equal', () => {
    expect(resolve({ retry: { base: 7, cap: 7 }, breaker: { cooldown: 60_000 } }).retry).toMatchObject({
      base: 7,
      cap: 7,
    });
  });
});
