import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Crowd } from './crowd.ts';
import { anyStory } from './random-story.ts';

const CALLS = 960;

test('random troubles under random policies break no promise', async () => {
  const seed = Math.trunc(Math.random() * 2 ** 31);
  const crowd = new Crowd(32);
  const failures: { story: string; broken: string[] }[] = [];
  const stories = fc.sample(anyStory, { numRuns: CALLS, seed });
  let told = 0;
  await crowd.tell(stories, ({ story }, broken) => {
    told += 1;
    if (broken.length > 0) failures.push({ story: JSON.stringify(story), broken });
  });
  const left = await crowd.close();
  // `npm run soak -- --story '<one of these>'` tells a story again.
  expect(failures, `seed ${seed}`).toEqual([]);
  expect(left).toEqual([]);
  expect(told).toBe(CALLS);
}, 120_000);
