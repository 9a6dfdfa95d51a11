import { expect, test } from 'vitest';
import { scopeName } from '../../src/guard/scope-name.ts';
import type { ScopeRequest } from '../../src/model/options.ts';
import type { ResolvedPolicy } from '../../src/model/policy.ts';
import { compilePolicies } from '../support/compile-policies.ts';

const url = new URL('https://user:secret@api.example:8443/v1/charges?token=1');
const { base } = compilePolicies({});
const name = (part: Partial<ResolvedPolicy>) => scopeName({ ...base, ...part }, 'POST', url);

test('all calls to an origin share a scope', () => {
  expect(name({})).toBe('https://api.example:8443');
});

test('an endpoint’s scope is the rule as it was written, and the origin where no rule matched', () => {
  expect(name({ scope: 'endpoint', endpoint: 'POST https://api.example:8443/*' })).toBe(
    'POST https://api.example:8443/*',
  );
  expect(name({ scope: 'endpoint' })).toBe('https://api.example:8443');
});

test('a function is told method, url and rule, and can change none of them', () => {
  let told: ScopeRequest | undefined;
  const scope = (request: ScopeRequest) => {
    told = { ...request, url: new URL(request.url) };
    request.url.pathname = '/elsewhere';
    return 'mine';
  };
  expect(name({ scope, endpoint: 'https://*/*' })).toBe('mine');
  expect(told).toEqual({ method: 'POST', url, endpoint: 'https://*/*' });
  expect(url.pathname).toBe('/v1/charges');
});

test.each([
  ['', '""'],
  [undefined, 'undefined'],
  [7, '7'],
])('a function that gives %j gets a PolicyError', (value, got) => {
  expect(() => name({ scope: () => value as string })).toThrow(
    `breaker.scope must be a function that returns a non-empty string, got ${got}`,
  );
});

test('an async function gets a PolicyError, and its rejection ends no process', async () => {
  const scope = async () => {
    throw new Error('no name');
  };
  expect(() => name({ scope: scope as never })).toThrow('got an instance of Promise');
  await new Promise((resolve) => setImmediate(resolve));
});
