import { describe, expect, it } from 'vitest';
import { createFetch } from '../../src/fetch/create-fetch.ts';

const rule = 'POST https://api.pay.example/v1/charges';
const api = createFetch({
  timeout: { attempt: 2_000, total: 9_000 },
  retry: false,
  endpoints: {
    [rule]: {
      idempotency: 'stripe',
      retry: { attempts: 6 },
      timeout: { attempt: 5_000 },
      breaker: { minimum: 5 },
    },
    'https://legacy.example/*': { idempotency: false, breaker: false, budget: false },
    'https://own.example/*': { idempotency: { header: 'X-Key', methods: ['PUT'] } },
  },
});

describe('explain', () => {
  it('names the rule, the scope, and for each value who set it', () => {
    const explanation = api.explain('post', 'https://user:pass@api.pay.example/v1/charges?secret#x');
    expect(explanation).toMatchObject({
      method: 'POST',
      url: 'https://api.pay.example/v1/charges',
      endpoint: rule,
      scope: rule,
      values: {
        'timeout.attempt': { value: 5_000, from: rule },
        'timeout.total': { value: 9_000, from: 'createFetch' },
        'timeout.idle': { value: 60_000, from: 'default' },
        'retry.attempts': { value: 6, from: rule },
        // The rule switches `retry: false` on again, with the defaults.
        'retry.base': { value: 100, from: 'default' },
        'breaker.minimum': { value: 5, from: rule },
        'breaker.scope': { value: 'endpoint', from: rule },
        idempotency: { value: 'stripe', from: rule },
        'idempotency.header': { value: 'Idempotency-Key', from: 'dialect "stripe"' },
        'idempotency.finalStatuses': { value: [400], from: 'dialect "stripe"' },
      },
    });
    expect(explanation.key).toEqual({
      header: 'Idempotency-Key',
      made: true,
      protects: true,
      says: "a fresh key for each call, or the caller's own, the same on every attempt, in Idempotency-Key",
    });
  });

  it('says what is off, and who switched it off', () => {
    const { values, scope, endpoint, key } = api.explain('POST', new URL('https://legacy.example/report'));
    expect(endpoint).toBe('https://legacy.example/*');
    expect(scope).toBeUndefined();
    expect(values.retry).toEqual({ value: false, from: 'createFetch' });
    expect(values.breaker).toEqual({ value: false, from: 'https://legacy.example/*' });
    expect(values.idempotency).toEqual({ value: false, from: 'https://legacy.example/*' });
    expect(key).toEqual({
      header: undefined,
      made: false,
      protects: false,
      says: 'no key: the server ignores them; POST is repeated only if it certainly was not sent',
    });
  });

  it.each([
    ['GET', 'https://any.example/', false, false, 'GET needs none'],
    ['POST', 'https://any.example/', true, true, 'a fresh key for each call'],
    ['POST', 'https://own.example/', false, false, 'the server takes keys for other methods'],
    ['PUT', 'https://own.example/', false, true, 'PUT needs none'],
    ['GET', 'https://legacy.example/', false, false, 'GET is idempotent, so it is repeated all the same'],
  ])('says what becomes of the key: %s %s', (method, url, made, protects, says) => {
    const { key } = api.explain(method, url);
    expect(key).toMatchObject({ made, protects });
    expect(key.says).toContain(says);
  });

  it('takes the policy of a call, and of an extended client', () => {
    const extended = api.extend({ buffer: 9 });
    const { values } = extended.explain('GET', 'https://any.example/', {
      retry: { attempts: 2 },
      breaker: false,
    });
    expect(values).toMatchObject({
      buffer: { value: 9, from: 'extend' },
      'retry.attempts': { value: 2, from: 'policy' },
      'retry.cap': { from: 'default' },
      breaker: { value: false, from: 'policy' },
    });
  });

  it('agrees with what a call then does', async () => {
    const seen: string[] = [];
    const client = createFetch({
      retry: { attempts: 3, base: 0 },
      fetch: async (_input, init) => {
        seen.push(new Headers(init?.headers).get('x-key') ?? '');
        return new Response(null, { status: 503 });
      },
      endpoints: { 'https://own.example/*': { idempotency: { header: 'X-Key' } } },
    });
    const { values, key } = client.explain('POST', 'https://own.example/');
    await client('https://own.example/', { method: 'POST' });
    expect(seen).toHaveLength(Number(values['retry.attempts']?.value));
    expect(new Set(seen).size).toBe(1);
    expect(seen[0] !== '').toBe(key.made);
  });

  it.each([
    ['', 'https://a.example', 'method must be an HTTP method'],
    [undefined, 'https://a.example', 'method must be an HTTP method'],
    ['GET', '/v1', 'url must be an absolute URL of http or https, got "/v1"'],
    ['GET', 'ftp://a.example', 'url must be an absolute URL'],
  ])('refuses what is no request: %s %s', (method, url, message) => {
    expect(() => api.explain(method as string, url)).toThrow(message);
  });
});
