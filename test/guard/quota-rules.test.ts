import { expect, test } from 'vitest';
import { Quota } from '../../src/guard/quota.ts';
import type { QuotaWord } from '../../src/http/rate-limits.ts';
import { departure, entry } from './departure.ts';

const word = (more: Partial<QuotaWord>): QuotaWord => ({
  name: 'requests',
  remaining: 0,
  reset: 10_000,
  limit: 10,
  isGradual: false,
  isOfSome: false,
  isOfRequests: true,
  ...more,
});
const wish = (now: number, more = {}) => entry(1, now, { latest: now + 30_000, ...more });

/** A quota whose server has just told that. */
function told(more: Partial<QuotaWord>, endpoint = '/') {
  const quota = new Quota();
  quota.leave(quota.enter(wish(0)), departure('success', 0, { quotas: [word(more)], endpoint }));
  return quota;
}

test('a call waits for the reset if it has the time, and is sent if it has not', () => {
  const quota = told({});
  expect(quota.refusal(wish(0))).toEqual({ by: 'quota', until: 10_000, isFixed: false, isInLine: true });
  expect(quota.refusal(wish(0, { latest: 9_999 }))).toBeUndefined();
  expect(quota.refusal(entry(1, 0))).toBeUndefined();
});

test('attempts under way count as not yet counted by the server', () => {
  const quota = told({ remaining: 2 });
  const [one, two] = [quota.enter(wish(1)), quota.enter(wish(1))];
  expect(quota.refusal(wish(1))).toMatchObject({ by: 'quota' });
  quota.leave(one, departure('success', 2, { quotas: [word({ remaining: 1 })] }));
  expect(quota.refusal(wish(2))).toMatchObject({ by: 'quota' });
  quota.leave(two, departure('success', 3, { quotas: [word({ remaining: 5 })] }));
  expect(quota.refusal(wish(3))).toBeUndefined();
});

test('an answer that was overtaken changes nothing', () => {
  const quota = told({ remaining: 9 });
  const [slow, fast] = [quota.enter(wish(1)), quota.enter(wish(1))];
  quota.leave(fast, departure('success', 2, { quotas: [word({ remaining: 0 })] }));
  quota.leave(slow, departure('success', 3, { quotas: [word({ remaining: 8 })] }));
  expect(quota.refusal(wish(3))).toMatchObject({ by: 'quota' });
});

test('where nothing is known one attempt asks, and the others wait for a second at most', () => {
  const quota = new Quota();
  expect(quota.refusal(wish(0))).toBeUndefined();
  const first = quota.enter(wish(0));
  expect(quota.refusal(wish(0))).toMatchObject({ until: 1_000 });
  expect(quota.refusal(wish(1_000))).toBeUndefined();
  quota.leave(first, departure('success', 5, { quotas: [] }));
  quota.enter(wish(5));
  expect(quota.refusal(wish(5))).toBeUndefined();
});

test('a bucket fills up little by little', () => {
  const quota = told({ isGradual: true, limit: 10, remaining: 0, reset: 10_000 });
  expect(quota.refusal(wish(0))).toMatchObject({ until: 1_000 });
  expect(quota.refusal(wish(1_000))).toBeUndefined();
});

test('what a call takes of a quota of tokens is learnt', () => {
  const tokens = { name: 'tokens', isOfRequests: false, limit: 1_000 };
  const quota = told({ ...tokens, remaining: 1_000 });
  for (let i = 1; i <= 9; i++) {
    const permit = quota.enter(wish(i));
    quota.leave(
      permit,
      departure('success', i, { quotas: [word({ ...tokens, remaining: 1_000 - 100 * i })] }),
    );
  }
  expect(quota.refusal(wish(10))).toBeUndefined();
  quota.enter(wish(10));
  expect(quota.refusal(wish(10))).toMatchObject({ by: 'quota' });
});

test('a quota of some endpoints holds back no others', () => {
  const quota = told({ isOfSome: true }, '/search');
  expect(quota.refusal(wish(0, { endpoint: '/search' }))).toMatchObject({ by: 'quota' });
  expect(quota.refusal(wish(0, { endpoint: '/repos' }))).toBeUndefined();
});

test('a server that invents quotas is remembered by the fifty that it told last', () => {
  const quota = new Quota();
  for (let at = 0; at < 200; at++) {
    const quotas = [word({ name: `quota ${at}` }), word({ name: 'the same' })];
    quota.leave(quota.enter(wish(at)), departure('success', at, { quotas }));
  }
  const names = quota.known(200).map(({ name }) => name);
  expect(names).toHaveLength(50);
  expect(names).toEqual(expect.arrayContaining(['the same', 'quota 199', 'quota 151']));
});

test('a quota of some endpoints holds the latest of them back, though every path was another endpoint', () => {
  const quota = new Quota();
  const tell = (endpoint: string) =>
    quota.leave(
      quota.enter(wish(0, { endpoint })),
      departure('success', 0, { quotas: [word({ isOfSome: true })], endpoint }),
    );
  for (let i = 0; i < 1_000; i++) tell(`/${i}`);
  expect(quota.refusal(wish(1, { endpoint: '/999' }))).toMatchObject({ by: 'quota' });
  // One of the first: its next answer tells of the quota again.
  expect(quota.refusal(wish(1, { endpoint: '/0' }))).toBeUndefined();
});

test.each([
  ['something is left of a window that is over', { remaining: 5, reset: 0 }, false],
  ['there is no quota at all', { remaining: 0, reset: 0, limit: 0 }, false],
  ['nothing is left, and a moment later there will be', { remaining: 0, reset: 0 }, true],
])('an answer that says that %s (%o) lets calls go one by one: %s', (_what, word, isOneByOne) => {
  const quota = told(word);
  quota.enter(wish(1));
  expect(quota.refusal(wish(1)) !== undefined).toBe(isOneByOne);
});
