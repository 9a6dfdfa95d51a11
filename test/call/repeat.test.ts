import { describe, expect, test } from 'vitest';
import { repeat as inBrowsers } from '../../src/call/repeat.browser.ts';
import { repeat } from '../../src/call/repeat.ts';

describe.each([
  ['by p-retry', repeat],
  ['in browsers', inBrowsers],
])('steps that are repeated %s', (_, take) => {
  /** Runs steps with these results, and records the calls. */
  async function taken(times: number, results: readonly boolean[], answers: readonly boolean[] = []) {
    const seen: string[] = [];
    const next = { step: 0, answer: 0 };
    await take(
      times,
      async () => {
        seen.push('step');
        return results[next.step++] ?? false;
      },
      async () => {
        seen.push('another?');
        return answers[next.answer++] ?? true;
      },
    );
    return seen;
  }

  test('end with the first that is enough', async () => {
    expect(await taken(5, [true])).toEqual(['step']);
    expect(await taken(5, [false, true])).toEqual(['step', 'another?', 'step']);
  });

  test('end after so many, and ask for no other then', async () => {
    expect(await taken(1, [])).toEqual(['step']);
    expect(await taken(3, [])).toEqual(['step', 'another?', 'step', 'another?', 'step']);
  });

  test('end when there is to be no other', async () => {
    expect(await taken(5, [], [true, false])).toEqual(['step', 'another?', 'step', 'another?']);
  });

  test.each([new TypeError('mine'), new TypeError('fetch failed'), new Error('other')])(
    'end with what is thrown, once: %s',
    async (mistake) => {
      let steps = 0;
      const failing = take(
        3,
        async () => {
          steps++;
          throw mistake;
        },
        async () => true,
      );
      await expect(failing).rejects.toBe(mistake);
      expect(steps).toBe(1);
      const asking = take(
        3,
        async () => false,
        () => Promise.reject(mistake),
      );
      await expect(asking).rejects.toBe(mistake);
    },
  );
});
