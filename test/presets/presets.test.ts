import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, test, vi } from 'vitest';
import { createFetch } from '../../src/fetch/create-fetch.ts';
import { presets } from '../../src/presets/index.ts';

const all = createFetch({ endpoints: Object.assign({}, ...Object.values(presets)) });

test('all presets stand beside each other, and none hides another', () => {
  expect(all.explain('GET', 'https://any.example/').endpoint).toBeUndefined();
});

describe('a preset', () => {
  it.each([
    ['POST', 'https://api.openai.com/v1/responses', 600_000, 'x-should-retry', true],
    ['POST', 'https://api.anthropic.com/v1/messages', 600_000, 'x-should-retry', true],
    ['POST', 'https://api.stripe.com/v1/charges', 80_000, 'stripe-should-retry', true],
    ['GET', 'https://api.stripe.com/v1/charges', 80_000, undefined, false],
    ['POST', 'https://api.github.com/repos/a/b/issues', 12_000, undefined, false],
    ['POST', 'https://slack.com/api/chat.postMessage', 10_000, undefined, false],
    ['POST', 'https://hooks.slack.com/services/T/B/x', 10_000, undefined, false],
    ['POST', 'https://api-m.paypal.com/v2/checkout/orders', 30_000, undefined, true],
    ['POST', 'https://checkout-test.adyen.com/v71/payments', 30_000, 'transient-error', true],
  ])('holds for %s %s', (method, url, attempt, retryHeader, made) => {
    const { values, key, endpoint } = all.explain(method, url);
    expect(endpoint).toBeDefined();
    expect(values['timeout.attempt']?.value).toBe(attempt);
    expect(values['idempotency.retryHeader']?.value).toBe(retryHeader);
    expect(key.made).toBe(made);
  });

  it.each(Object.keys(presets))('has a row in the docs: %s', (name) => {
    const page = readFileSync(new URL('../../docs/presets.md', import.meta.url), 'utf8');
    expect(page).toContain(`| \`${name}\` |`);
  });
});

/** Answers in turn; says how often it was asked. */
function answers(...responses: Response[]) {
  let asked = 0;
  const fetch = async () => responses[asked++] ?? new Response('ok');
  const api = createFetch({ fetch, retry: { base: 0, cap: 0 }, endpoints: withoutPauses() });
  return { api, asked: () => asked };
}

function withoutPauses() {
  const rules = Object.assign({}, ...Object.values(presets)) as Record<string, object>;
  return Object.fromEntries(
    Object.entries(rules).map(([key, rule]) => {
      const retry: unknown = Reflect.get(rule, 'retry');
      return [
        key,
        retry === undefined ? rule : { ...rule, retry: { ...(retry as object), base: 0, cap: 0 } },
      ];
    }),
  );
}

test('github: a 403 with Retry-After is asked again, any other 403 is an answer', async () => {
  const limited = answers(new Response(null, { status: 403, headers: { 'retry-after': '0' } }));
  expect((await limited.api('https://api.github.com/user')).status).toBe(200);
  const forbidden = answers(new Response(null, { status: 403 }));
  expect((await forbidden.api('https://api.github.com/user')).status).toBe(403);
  expect(forbidden.asked()).toBe(1);
});

test('openai and anthropic: the service says itself whether a repeat makes sense', async () => {
  for (const url of ['https://api.openai.com/v1/responses', 'https://api.anthropic.com/v1/messages']) {
    const final = answers(new Response(null, { status: 429, headers: { 'x-should-retry': 'false' } }));
    expect((await final.api(url, { method: 'POST', body: '{}' })).status).toBe(429);
    const busy = answers(new Response(null, { status: 529 }), new Response(null, { status: 409 }));
    expect((await busy.api(url, { method: 'POST', body: '{}' })).status).toBe(200);
    expect(busy.asked()).toBe(3);
  }
});

test.each(['https://api.openai.com/v1/responses', 'https://api.anthropic.com/v1/messages'])(
  '%s: a Retry-After of a minute is waited for, by its own call and, if five answers say so, by those that come after them',
  async (url) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const refusal = () => new Response(null, { status: 429, headers: { 'retry-after': '60' } });
    const { api, asked } = answers(...Array.from({ length: 5 }, refusal));
    const post = { method: 'POST', body: '{}' };
    const refused = Array.from({ length: 5 }, () => api(url, post));
    await vi.advanceTimersByTimeAsync(1);
    const other = api(url, post);
    await vi.advanceTimersByTimeAsync(59_990);
    expect(asked()).toBe(5);
    await vi.advanceTimersByTimeAsync(10_000);
    const statuses = (await Promise.all([...refused, other])).map(({ status }) => status);
    expect(statuses).toEqual(Array(6).fill(200));
  },
);

test('slack: a message that was answered is never posted again', async () => {
  const { api, asked } = answers(new Response(null, { status: 503 }));
  expect((await api('https://slack.com/api/chat.postMessage', { method: 'POST', body: '{}' })).status).toBe(
    503,
  );
  expect(asked()).toBe(1);
});
