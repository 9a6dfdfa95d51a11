import fc from 'fast-check';
import { anyStory } from '../faults/random-story.ts';
import { cross } from '../faults/stories.ts';
import type { Story } from '../faults/story.ts';

/** One call in so many walks through the matrix. */
const SHARE = 3;
/** It walks in great steps, so that a short run sees something of everything. A prime, so that it comes everywhere. */
const STEP = 7_919;
const BATCH = 250;

/** The same seed gives the same stories. */
export function* soakStories(seed: number): Generator<Story> {
  const matrix = walk();
  const drawn = draw(seed);
  for (let index = 0; ; index++) {
    const next = index % SHARE === 0 ? matrix.next() : drawn.next();
    yield next.done ? drawn.next().value : next.value;
  }
}

/** Each story of the matrix once. */
export function* walk(): Generator<Story, undefined> {
  const stories = [...cross()];
  for (let index = 0; index < stories.length; index++) {
    const story = stories[(index * STEP) % stories.length];
    if (story !== undefined) yield story;
  }
}

function* draw(seed: number): Generator<Story, never> {
  for (let batch = 0; ; batch++) {
    yield* fc.sample(anyStory, { seed: seed + batch, numRuns: BATCH });
  }
}
