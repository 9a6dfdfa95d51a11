import { beforeAll, describe, expect, test } from 'vitest';
import { goesOnce } from './bodies.ts';
import { Crowd } from './crowd.ts';
import { titles } from './invariants.ts';
import type { Observation } from './observation.ts';
import { everyTrouble, pairs } from './stories.ts';
import { hasKey, isIdempotent, isSilent, nameOf } from './story.ts';

const told: { readonly seen: Observation; readonly broken: readonly string[] }[] = [];
let left: readonly string[];

beforeAll(async () => {
  const crowd = new Crowd(32);
  await crowd.tell(pairs(), (seen, broken) => told.push({ seen, broken }));
  left = await crowd.close();
}, 120_000);

/** How a promise was broken, and by which story. */
const broken = (title: string) =>
  told.flatMap(({ seen, broken }) =>
    broken.filter((how) => how.startsWith(title)).map((how) => ({ how, story: JSON.stringify(seen.story) })),
  );

/** No story here aborts: that promise is for the random ones, and for test/call/abort.test.ts. */
const promises = titles.filter((title) => title !== 'an abort ends the call at once');

describe('whatever goes wrong, with whichever method, body, key and buffer', () => {
  test.each([...promises, 'every call has a key of its own'])('%s', (title) => {
    expect(broken(title)).toEqual([]);
  });

  test('no timer, no listener, no warning and no unhandled rejection is left', () => {
    expect(left).toEqual([]);
  });

  test('a call that may be made again outlives every trouble that passes', () => {
    const lost = told
      .filter(({ seen: { story } }) => {
        const passes = !story.troubles.some((trouble) => isSilent(trouble) || trouble.kind === 'garbage');
        const repeatable = (isIdempotent(story) || hasKey(story)) && !goesOnce(story.body);
        return passes && repeatable && story.buffer !== false;
      })
      .filter(({ seen }) => seen.report?.stopped !== 'success' && seen.answer?.status !== 404);
    expect(lost.map(({ seen }) => [seen.report, seen.story])).toEqual([]);
  });

  test('a peer that does not speak HTTP is not asked again', () => {
    const nonsense = told.filter(({ seen: { met } }) =>
      met.some((trouble) => trouble.kind === 'garbage' && trouble.where === 'status-line'),
    );
    expect(nonsense).toHaveLength(20);
    for (const { seen } of nonsense) {
      expect(seen.report).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'network' }] });
    }
  });
});

describe('the matrix', () => {
  test('has told each story, and each trouble has struck', () => {
    expect(told).toHaveLength(everyTrouble.length * 20);
    const met = new Set(told.flatMap(({ seen }) => seen.met.map(nameOf)));
    expect(everyTrouble.map(nameOf).filter((name) => !met.has(name))).toEqual([]);
  });

  test('crosses every trouble with every request and every manner, and every request with every manner', () => {
    const all = [...pairs()];
    const distinct = (...by: ((story: (typeof all)[number]) => unknown)[]) =>
      new Set(all.map((story) => JSON.stringify(by.map((part) => part(story))))).size;
    const trouble = ({ troubles: [first] }: (typeof all)[number]) => first;
    const request = ({ method, body }: (typeof all)[number]) => [method, body];
    const manner = ({ key, buffer, troubles }: (typeof all)[number]) => [key, buffer, troubles.length];
    expect(distinct(trouble, request)).toBe(everyTrouble.length * 20);
    expect(distinct(trouble, manner)).toBe(everyTrouble.length * 12);
    expect(distinct(request, manner)).toBe(20 * 12);
  });
});
