import { describe, expect, it } from 'vitest';
import type { Options, Policy } from '../../src/model/options.ts';
import type { ResolvedPolicy } from '../../src/model/policy.ts';
import { forExtension } from '../../src/policy/sharing.ts';
import { checkOptions } from '../../src/policy/validate.ts';
import { compilePolicies } from '../support/compile-policies.ts';

const API = 'https://api.example/v1';
const RULE = 'https://api.example/v1';
const find = (options: Options, override?: Policy) =>
  compilePolicies(options).find('GET', new URL(API), override);
const rule = (policy: Policy, base: Policy = {}) => find({ ...base, endpoints: { [RULE]: policy } });

describe('the policy of a call', () => {
  it('is the client’s where no rule matches', () => {
    const policy = find({
      retry: { attempts: 2 },
      endpoints: { 'https://other.example/*': { retry: false } },
    });
    expect(policy).toMatchObject({ endpoint: undefined, retry: { attempts: 2 } });
  });

  it('is the first rule that matches, merged over the client’s', () => {
    const policy = find({
      retry: { attempts: 2 },
      timeout: { total: 9_000 },
      endpoints: { [RULE]: { timeout: { idle: 7 } }, 'https://api.example/*': { retry: false } },
    });
    expect(policy.endpoint).toBe(RULE);
    expect(policy.retry.attempts).toBe(2);
    expect(policy.timeout).toEqual({
      attempt: 10_000,
      idle: 7,
      body: Number.POSITIVE_INFINITY,
      total: 9_000,
    });
  });

  it('is made once per rule', () => {
    const policies = compilePolicies({ endpoints: { 'https://api.example/:id': {} } });
    const [one, two] = ['https://api.example/1', 'https://api.example/2'].map((url) =>
      policies.find('GET', new URL(url), undefined),
    );
    expect(one).toBe(two);
    expect(policies.find('GET', new URL('https://a.example/1'), undefined)).toBe(
      policies.find('PUT', new URL('https://b.example/2'), undefined),
    );
  });

  it.each([
    [{ endpoints: { '/v1': {} } }, 'endpoints["/v1"] must be absolute'],
    [
      { endpoints: { [RULE]: { retry: { base: 5_000 } } } },
      `endpoints["${RULE}"].retry.base must not be above retry.cap`,
    ],
    [
      { endpoints: { [RULE]: { idempotency: { header: 'K', retryStatuses: [422] } } } },
      `endpoints["${RULE}"].idempotency.finalStatuses must not hold`,
    ],
    [{ retry: { cap: 1 } }, 'retry.base must not be above retry.cap'],
  ])('is checked before any call: %j', (options, message) => {
    expect(() => compilePolicies(options)).toThrow(message);
  });
});

describe('the policy for one call', () => {
  const options: Options = {
    retry: { attempts: 2, cap: 500 },
    endpoints: { [RULE]: { retry: { attempts: 6 }, idempotency: 'stripe', timeout: false } },
  };

  it('is merged over that of the rule', () => {
    const policy = find(options, { retry: { base: 7 }, timeout: { total: 1_000 } });
    expect(policy).toMatchObject({
      endpoint: RULE,
      retry: { attempts: 6, base: 7, cap: 500 },
      timeout: { attempt: 10_000, total: 1_000 },
      idempotency: { retryHeader: 'stripe-should-retry' },
    });
  });

  it('does not outlive the call', () => {
    const policies = compilePolicies(options);
    policies.find('GET', new URL(API), { retry: false });
    expect(policies.find('GET', new URL(API), undefined).retry.attempts).toBe(6);
  });

  it.each([
    [{ retry: { attempts: 0 } }, 'policy.retry.attempts must be a whole number from 1 to 100, got 0'],
    [{ retry: { base: 501 } }, 'policy.retry.base must not be above retry.cap (500), got 501'],
    [{ endpoints: {} }, 'policy.endpoints is not an option'],
    [null, 'policy must be a plain object, got null'],
  ])('is checked: %j', (override, message) => {
    expect(() => find(options, override as Policy)).toThrow(message);
  });

  it('may step around the breaker, but not change it', () => {
    expect(find({}, { breaker: false }).breaker).toBe(false);
    expect(() => find({}, { breaker: { threshold: 0.9 } })).toThrow(
      'policy.breaker must be false here, got an object: a breaker outlives the call',
    );
    expect(() => find({}, { budget: { ratio: 0.9 } })).toThrow(
      'policy.budget must be false here, got an object: a budget outlives the call',
    );
  });
});

describe('the scope of a rule', () => {
  const scopeAndBreaker = ({ scope, breaker }: ResolvedPolicy) => ({ scope, ...breaker });

  it.each([
    { threshold: 0.2 },
    { minimum: 1 },
    { window: 1_000 },
    { cooldown: 1_000 },
    { maxCooldown: 90_000 },
  ])('is its own if it sets a number of its own: %j', (numbers) => {
    expect(scopeAndBreaker(rule({ breaker: numbers }))).toMatchObject({ ...numbers, scope: 'endpoint' });
    expect(scopeAndBreaker(rule({ breaker: numbers }, { breaker: { scope: () => 'x' } }))).toMatchObject({
      scope: 'endpoint',
    });
    expect(scopeAndBreaker(rule({ breaker: numbers }, { breaker: false }))).toMatchObject({
      ...numbers,
      scope: 'endpoint',
    });
  });

  it('is the client’s if it sets none', () => {
    const scope = () => 'x';
    expect(scopeAndBreaker(rule({ retry: false }, { breaker: { threshold: 0.2 } }))).toMatchObject({
      scope: 'origin',
      threshold: 0.2,
    });
    expect(scopeAndBreaker(rule({ breaker: {} }))).toMatchObject({ scope: 'origin' });
    expect(scopeAndBreaker(rule({ breaker: {} }, { breaker: { scope } }))).toMatchObject({ scope });
    expect(
      scopeAndBreaker(rule({ breaker: { scope: 'origin' } }, { breaker: { scope, minimum: 9 } })),
    ).toMatchObject({
      scope: 'origin',
      minimum: 9,
    });
    expect(rule({ breaker: false }).breaker).toBe(false);
  });

  it('has the scope that it names, with or without numbers', () => {
    const scope = () => 'shard';
    expect(scopeAndBreaker(rule({ breaker: { scope: 'endpoint' } }))).toMatchObject({
      scope: 'endpoint',
      threshold: 0.8,
    });
    expect(scopeAndBreaker(rule({ breaker: { scope, threshold: 0.2 } }))).toMatchObject({
      scope,
      threshold: 0.2,
    });
  });

  it('cannot have the origin for its scope and numbers of its own', () => {
    expect(() => rule({ breaker: { scope: 'origin', cooldown: 1_000 } })).toThrow(
      `endpoints["${RULE}"].breaker.cooldown cannot be set in a rule whose breaker.scope is "origin", ` +
        'which all calls to an origin share',
    );
  });

  it('is its own if it sets a number for the budget, even without a breaker', () => {
    expect(rule({ budget: { ratio: 0.1 } }).scope).toBe('endpoint');
    expect(rule({ breaker: false, budget: { reserve: 0 } }).scope).toBe('endpoint');
    expect(() => rule({ breaker: { scope: 'origin' }, budget: { ratio: 0.1 } })).toThrow(
      `endpoints["${RULE}"].budget.ratio cannot be set in a rule whose breaker.scope is "origin"`,
    );
  });

  it('outlives a breaker that one call switches off: the budget is still the rule’s', () => {
    const endpoints = { [RULE]: { breaker: { scope: 'endpoint' as const } } };
    expect(find({ endpoints }, { breaker: false })).toMatchObject({ scope: 'endpoint', breaker: false });
  });

  it('may have numbers and the origin for its scope outside of rules', () => {
    expect(find({ breaker: { scope: 'origin', threshold: 0.2 } }).breaker).toMatchObject({ threshold: 0.2 });
  });
});

describe('extended policies', () => {
  const base = compilePolicies({
    retry: { attempts: 2, cap: 500 },
    timeout: false,
    endpoints: {
      'https://api.example/*': { retry: { base: 50 }, buffer: 9 },
      'https://old.example/*': { budget: false },
    },
  });
  const extend = (policies: typeof base, options: Options) =>
    policies.merge(forExtension(checkOptions(options)));
  const at = (policies: typeof base, url: string) => policies.find('GET', new URL(url), undefined);

  it('lay the new options over the client’s, and the old rules over the result', () => {
    const extended = extend(base, { retry: { attempts: 3 }, timeout: { total: 1_000 } });
    expect(at(extended, 'https://any.example/')).toMatchObject({
      retry: { attempts: 3, cap: 500 },
      timeout: { attempt: 10_000, total: 1_000 },
    });
    expect(at(extended, API)).toMatchObject({ retry: { attempts: 3, base: 50, cap: 500 }, buffer: 9 });
  });

  it('try the new rules first, over the new base', () => {
    const extended = extend(base, {
      retry: { attempts: 3 },
      endpoints: { [RULE]: { timeout: { idle: 7 } } },
    });
    expect(at(extended, API)).toMatchObject({ endpoint: RULE, retry: { attempts: 3, base: 100 }, buffer: 0 });
    expect(at(extended, 'https://api.example/v2')).toMatchObject({ buffer: 9 });
    expect(at(extended, 'https://old.example/')).toMatchObject({ budget: false });
  });

  it('replace a rule with the same key', () => {
    const extended = extend(base, { endpoints: { 'https://api.example/*': { budget: { reserve: 1 } } } });
    expect(at(extended, API)).toMatchObject({ retry: { base: 100 }, budget: { reserve: 1 }, buffer: 0 });
  });

  it('no longer check a rule that was replaced', () => {
    const extended = extend(base, {
      retry: { base: 0, cap: 40 },
      endpoints: { 'https://api.example/*': { buffer: 1 } },
    });
    expect(at(extended, API)).toMatchObject({ retry: { base: 0, cap: 40 }, buffer: 1 });
  });

  it('leave the client that they came from as it was', () => {
    extend(base, { retry: false, endpoints: { [RULE]: { buffer: 1 } } });
    expect(at(base, API)).toMatchObject({
      endpoint: 'https://api.example/*',
      retry: { attempts: 2 },
      buffer: 9,
    });
  });

  it('are checked with everything laid together', () => {
    expect(() => extend(base, { retry: { cap: 40, base: 0 } })).toThrow(
      'endpoints["https://api.example/*"].retry.base must not be above retry.cap (40), got 50',
    );
    expect(() => extend(base, { retry: { atempts: 1 } } as Options)).toThrow('did you mean retry.attempts?');
  });

  it('inherit fetch and dispatcher, unless they have their own', () => {
    const dispatcher = { dispatch: () => true };
    const policies = compilePolicies({ fetch, dispatcher });
    const other = async () => new Response();
    expect(policies).toMatchObject({ fetch, dispatcher });
    expect(extend(policies, {})).toMatchObject({ fetch, dispatcher });
    expect(extend(policies, { fetch: other })).toMatchObject({ fetch: other, dispatcher });
    expect(compilePolicies({})).toMatchObject({ fetch: undefined, dispatcher: undefined });
  });

  it('share breakers and budgets, and so cannot have numbers of their own for them', () => {
    const base = compilePolicies({});
    expect(() => extend(base, { breaker: { threshold: 0.9 } })).toThrow(
      'breaker.threshold cannot be set in extend',
    );
    expect(() => extend(base, { budget: { ratio: 0.9 } })).toThrow('budget.ratio cannot be set in extend');
    const scope = () => 'mine';
    expect(at(extend(base, { breaker: { scope }, budget: false }), API)).toMatchObject({
      scope,
      budget: false,
    });
  });
});
