import { describe, expect, it } from 'vitest';
import { cross } from '../faults/stories.ts';
import type { Story } from '../faults/story.ts';
import { readArguments } from './arguments.ts';
import { soakStories, walk } from './stories.ts';

function first(count: number, seed: number): Story[] {
  const stories = soakStories(seed);
  return Array.from({ length: count }, () => stories.next().value);
}

describe('the stories', () => {
  it('are the same for the same seed, and others for another', () => {
    expect(first(500, 7)).toEqual(first(500, 7));
    expect(first(500, 7)).not.toEqual(first(500, 8));
  });

  it('hold the whole matrix, each story of it once, in 50,000 calls', () => {
    const text = (stories: Iterable<Story>) => Array.from(stories, (story) => JSON.stringify(story));
    expect(new Set(text(walk()))).toEqual(new Set(text(cross())));
    const matrix = new Set(text(cross()));
    const share = text(first(300, 1)).filter((story) => matrix.has(story)).length;
    expect((share / 300) * 50_000).toBeGreaterThanOrEqual(matrix.size);
  });
});

describe('the arguments', () => {
  const read = (...args: string[]) => readArguments(args, () => 42);

  it('have defaults, and a new seed each time', () => {
    expect(read()).toEqual({ calls: 50_000, seed: 42, minutes: 30, lanes: 32, story: undefined });
  });

  it('take a seed and a story that was printed', () => {
    const [story] = first(1, 1);
    expect(read('--seed', '7', '--story', JSON.stringify(story))).toMatchObject({ seed: 7, story });
  });

  it.each([
    [['--calls', '0'], '--calls must be a whole number from 1, got 0'],
    [['--calls', 'many'], '--calls must be a whole number from 1, got many'],
    [['--seed', '1.5'], '--seed must be a whole number from 0, got 1.5'],
    [['--story', '{'], 'JSON'],
    [['--call', '1'], "Unknown option '--call'"],
  ])('%j: refused with "%s"', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});
