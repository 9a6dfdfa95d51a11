import { describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { outcome } from './observe.ts';
import { expectSame, type Observe, plainFetch } from './same-as-fetch.ts';

const look: Observe = async ({ fetch, server, url }) => ({
  outcome: await outcome(fetch(url, { method: 'PUT', body: 'x' })),
  seen: server.seen,
});

describe('the comparison itself can fail', () => {
  test('it finds nothing between fetch and itself', () => expectSame(look, plainFetch, plainFetch));

  test('it finds a header that one of the two adds', async () => {
    const planted = createFetch({
      fetch: (input, init) => plainFetch(input, { ...init, headers: { a: '1' } }),
    });
    await expect(expectSame(look, plainFetch, planted)).rejects.toThrow('expected');
  });

  test('it finds another error message', async () => {
    const wrong: Observe = async ({ fetch }) => outcome(fetch('not a URL'));
    const planted = () => Promise.reject(new TypeError('wrong'));
    await expect(expectSame(wrong, plainFetch, planted)).rejects.toThrow('expected');
  });

  test('it finds a request that was sent twice', async () => {
    const planted = async (input: Parameters<typeof plainFetch>[0], init?: RequestInit) => {
      await plainFetch(input, init);
      return plainFetch(input, init);
    };
    await expect(expectSame(look, plainFetch, planted)).rejects.toThrow('expected');
  });

  test('an observation of nothing is refused', async () => {
    await expect(expectSame(async () => undefined, plainFetch, plainFetch)).rejects.toThrow(
      'nothing was observed',
    );
  });
});
