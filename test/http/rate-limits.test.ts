import { expect, test } from 'vitest';
import { quotasOf } from '../../src/http/rate-limits.ts';

const NOW = Date.UTC(2026, 0, 1);
const read = (headers: Record<string, string>) => quotasOf(new Headers(headers), NOW);

test('the draft: each named quota, with its policy', () => {
  const headers = {
    'ratelimit-policy': '"a,b;c";q=100;w=60;pk=:Y2xpZW50:, "bytes";q=10;qu="content-bytes"',
    ratelimit: '"a,b;c";r=50;t=30, "bytes";r=3;t=1',
  };
  expect(read(headers)).toMatchObject([
    { name: '"a,b;c"', remaining: 50, reset: 30_000, limit: 100, isGradual: false, isOfRequests: true },
    { name: '"bytes"', remaining: 3, reset: 1_000, limit: 10, isOfRequests: false },
  ]);
});

test.each(['"a";r=1;t=2;;', '"a";r=1;t=2, b c', 'r=1', '"a"', '"a";r=-1;t=2'])('%s is ignored', (field) => {
  expect(read({ ratelimit: field })).toEqual([]);
});

test.each([
  ['30', 30_000],
  [`${NOW / 1_000 + 30}`, 30_000],
  [`${NOW + 30_000}`, 30_000],
  [`${NOW / 1_000 - 30}`, 0],
])('X-RateLimit-Reset: %s is a wait of %i ms', (reset, ms) => {
  const headers = { 'x-ratelimit-limit': '60', 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': reset };
  expect(read(headers)).toMatchObject([{ remaining: 7, limit: 60, reset: ms, isOfRequests: true }]);
});

test('a time is read off the server’s own clock, and GitHub’s resources are told apart', () => {
  const headers = {
    date: new Date(NOW - 3_600_000).toUTCString(),
    'x-ratelimit-remaining': '7',
    'x-ratelimit-reset': `${NOW / 1_000 - 3_590}`,
    'x-ratelimit-resource': 'search',
  };
  expect(read(headers)).toMatchObject([{ name: 'x-ratelimit search', reset: 10_000, isOfSome: true }]);
});

test('OpenAI: requests and tokens, which fill up little by little', () => {
  const headers = {
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '59',
    'x-ratelimit-reset-requests': '1s',
    'x-ratelimit-limit-tokens': '150000',
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6m0s',
  };
  expect(read(headers)).toMatchObject([
    { name: 'requests', limit: 60, remaining: 59, reset: 1_000, isGradual: true, isOfRequests: true },
    {
      name: 'tokens',
      limit: 150_000,
      remaining: 149_984,
      reset: 360_000,
      isGradual: true,
      isOfRequests: false,
    },
  ]);
  const partly = { 'x-ratelimit-remaining-requests': '1', 'x-ratelimit-reset-requests': '8.64s120ms' };
  expect(read(partly)).toMatchObject([{ reset: 8_760 }]);
});

test('Anthropic: requests, and tokens of either kind', () => {
  const one = (unit: string) => ({
    [`anthropic-ratelimit-${unit}-limit`]: '100',
    [`anthropic-ratelimit-${unit}-remaining`]: '40',
    [`anthropic-ratelimit-${unit}-reset`]: new Date(NOW + 30_000).toISOString(),
  });
  const headers = { ...one('requests'), ...one('input-tokens'), ...one('output-tokens') };
  expect(read(headers)).toMatchObject(
    ['requests', 'input-tokens', 'output-tokens'].map((unit) => ({
      name: `anthropic-ratelimit-${unit}`,
      limit: 100,
      remaining: 40,
      reset: 30_000,
      isGradual: true,
      isOfRequests: unit === 'requests',
    })),
  );
});

test('an answer that tells nothing tells nothing', () => {
  expect(read({ 'x-ratelimit-remaining': '7', 'retry-after': '3' })).toEqual([]);
});

test.each([
  ['commas', ','.repeat(16_000)],
  ['quotes', '",'.repeat(8_000)],
  ['parameters', `"a";r=1;t=2${';a'.repeat(8_000)}`],
])('a field of 16 KB of %s is read in one pass: ten of them take less than a blink', (_what, field) => {
  const begun = performance.now();
  for (let i = 0; i < 10; i++) read({ ratelimit: field, 'ratelimit-policy': field });
  // By patterns that look ahead to the end of the field it was some seconds.
  expect(performance.now() - begun).toBeLessThan(1_000);
});
