import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFetch } from '../../src/index.ts';

type Tell = (limit: number, remaining: number, resetMs: number) => Record<string, string>;

const WINDOW = 10_000;
const LIMIT = 50;

/** Serves `LIMIT` requests in each window, refuses the others with a 429, and tells what is left. */
function server(tell: Tell) {
  const seen = { served: [] as number[], refused: 0 };
  let used = 0;
  let window = 0;
  const fetch = async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const now = Date.now();
    const current = Math.floor(now / WINDOW);
    if (current !== window) used = 0;
    window = current;
    const isOver = used >= LIMIT;
    if (isOver) seen.refused += 1;
    else {
      used += 1;
      seen.served.push(current);
    }
    const headers = tell(LIMIT, LIMIT - used, (current + 1) * WINDOW - now);
    await new Promise((resolve) => setTimeout(resolve, 10));
    return new Response(null, { status: isOver ? 429 : 200, headers });
  };
  return { seen, fetch };
}

const seconds = (ms: number) => `${Math.ceil(ms / 1_000)}`;
const dialects: Readonly<Record<string, Tell>> = {
  'the standard draft': (limit, remaining, reset) => ({
    'ratelimit-policy': `"burst";q=100000;w=60, "default";q=${limit};w=10;pk=:Y2xpZW50:`,
    ratelimit: `"burst";r=99999;t=60, "default";r=${remaining};t=${seconds(reset)};pk=:Y2xpZW50:`,
  }),
  'its older drafts': (limit, remaining, reset) => ({
    'ratelimit-limit': `${limit}, ${limit};w=10`,
    'ratelimit-remaining': `${remaining}`,
    'ratelimit-reset': seconds(reset),
  }),
  GitHub: (limit, remaining, reset) => ({
    'x-ratelimit-limit': `${limit}`,
    'x-ratelimit-remaining': `${remaining}`,
    'x-ratelimit-reset': seconds(Date.now() + reset),
    'x-ratelimit-resource': 'core',
  }),
};

describe('a server that publishes a quota and enforces it', () => {
  beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
  afterEach(() => vi.useRealTimers());

  /** Fifteen calls a second for a minute: three times what the quota allows. */
  async function storm(tell: Tell, quota: boolean) {
    const { seen, fetch } = server(tell);
    const api = createFetch({
      fetch: fetch as never,
      quota,
      patience: 300_000,
      timeout: { total: 300_000 },
    });
    for (let i = 0; i < 900; i++) {
      api('http://service.test/items/1').catch(() => {});
      await vi.advanceTimersByTimeAsync(1_000 / 15);
    }
    await vi.advanceTimersByTimeAsync(150_000);
    const first = seen.served[0] ?? 0;
    const full = [1, 2, 3, 4, 5, 6, 7].map((at) => seen.served.filter((one) => one === first + at).length);
    return { refused: seen.refused, use: full.reduce((sum, one) => sum + one, 0) / (full.length * LIMIT) };
  }

  test.each(Object.entries(dialects))(
    '%s: no call is refused, and 98 % of it are used',
    async (_, tell) => {
      const { refused, use } = await storm(tell, true);
      expect(refused).toBe(0);
      expect(use).toBeGreaterThanOrEqual(0.98);
    },
    60_000,
  );

  test('without `quota` calls are refused', async () => {
    expect((await storm(dialects.GitHub as Tell, false)).refused).toBeGreaterThan(0);
  }, 60_000);
});
