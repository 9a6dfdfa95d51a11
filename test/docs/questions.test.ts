import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, test } from 'vitest';
import { countCalls } from '../../docs/examples/telemetry/prometheus.ts';
import { createFetch, type SteadFetch } from '../../src/index.ts';
import { type Answer, askPrometheus, hasPromtool } from '../support/promtool.ts';

const UP = 'http://up.example';
const DOWN = 'http://down.example';
/** Of the scrapes, which are a minute apart: the first one after the trouble began. */
const TROUBLE = 3;

/** The queries of telemetry.md's table, by question. */
const table: readonly (readonly [question: string, queries: readonly string[]])[] = [
  ...readFileSync(new URL('../../docs/telemetry.md', import.meta.url), 'utf8').matchAll(
    /^\| ([A-Z][^|]*\?) \| (.*) \|$/gm,
  ),
].map(([, question = '', cell = '']) => [
  question,
  [...cell.matchAll(/`([^`]*steadfetch_[^`]*)`/g)].map(([, query = '']) => query),
]);

/** The alert rules. */
const rules = fileURLToPath(new URL('../../docs/examples/telemetry/alerts.yml', import.meta.url));

/** What Prometheus has scraped of a process that calls two services, of which one breaks. */
async function scrapesOfTrouble(): Promise<string[]> {
  let isBroken = false;
  let requests = 0;
  const fetch = async (input: unknown) => {
    if (!isBroken || String(input).startsWith(UP)) return new Response();
    requests += 1;
    if (requests % 2 === 1) return new Response(null, { status: 503 });
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
  };
  const register = new Registry();
  const api = createFetch({
    fetch,
    patience: 0,
    retry: { attempts: 2, base: 0, cap: 0 },
    breaker: { minimum: 6, cooldown: 600_000, maxCooldown: 600_000 },
  });
  countCalls(api, register);
  const scrapes = [await register.metrics()];
  for (let minute = 1; minute <= 5; minute++) {
    isBroken = minute >= TROUBLE;
    for (let call = 0; call < 20; call++) {
      for (const url of [UP, DOWN]) await api(`${url}/items`).catch(() => undefined);
    }
    scrapes.push(await register.metrics());
  }
  return scrapes;
}

describe.skipIf(!hasPromtool && !process.env.CI)('the five questions, asked of Prometheus itself', () => {
  const answers = new Map<string, readonly (readonly Answer[])[]>();
  let scrapes: string[];

  beforeAll(async () => {
    scrapes = await scrapesOfTrouble();
    for (const [question, queries] of table) answers.set(question, await askPrometheus(scrapes, queries));
  });
  const answer = (question: string, query = 0) => answers.get(question)?.[query] ?? [];
  const value = (found: readonly Answer[], labels: Record<string, string>) =>
    found.find((one) => Object.entries(labels).every(([name, text]) => one.labels[name] === text))?.value;

  test('there are five', () => {
    expect(table.map(([question]) => question)).toEqual([
      'Which dependency is failing?',
      'Since when?',
      'Why?',
      'What are we doing about it?',
      'What was lost?',
    ]);
  });

  test('which dependency is failing: the one that is', () => {
    expect(answer('Which dependency is failing?')).toMatchObject([{ labels: { scope: DOWN }, value: 1 }]);
    expect(answer('Which dependency is failing?', 1).map(({ labels }) => labels)).toEqual([{ scope: DOWN }]);
  });

  test('since when: the last scrape at which all was well', () => {
    expect(answer('Since when?')).toEqual([{ labels: { scope: DOWN }, value: 60 * (TROUBLE - 1) }]);
  });

  test('why: bad statuses and lost connections', () => {
    const found = answer('Why?');
    expect(
      found.map(({ labels }) => labels).toSorted((a, b) => ((a.reason ?? '') < (b.reason ?? '') ? -1 : 1)),
    ).toEqual([
      { scope: DOWN, reason: 'network', status: 'none' },
      { scope: DOWN, reason: 'status', status: '503' },
    ]);
  });

  test('what are we doing about it: calls are turned away by the breaker, some were repeated', () => {
    const rejected = answer('What are we doing about it?');
    expect(rejected.map(({ labels }) => labels)).toEqual([{ scope: DOWN, by: 'breaker' }]);
    expect(value(rejected, { by: 'breaker' })).toBeGreaterThan(0.1);
    const repeated = answer('What are we doing about it?', 1);
    expect(new Set(repeated.map(({ labels }) => labels.scope))).toEqual(new Set([DOWN]));
  });

  test('what was lost: calls that were not sent, and some whose delivery is unknown', () => {
    const found = answer('What was lost?');
    expect(new Set(found.map(({ labels }) => labels.scope))).toEqual(new Set([DOWN]));
    const notSent = value(found, { stopped: 'breaker', delivery: 'not-sent' }) ?? 0;
    const unknown = found.filter(({ labels }) => labels.delivery === 'unknown');
    expect(unknown.length).toBeGreaterThan(0);
    expect(notSent).toBeGreaterThan(unknown.reduce((sum, one) => sum + one.value, 0));
  });

  test('the alert rules are such as Prometheus takes', async () => {
    const { stdout } = await promisify(execFile)('promtool', ['check', 'rules', rules]);
    expect(stdout).toContain('SUCCESS: 8 rules found');
  });

  test('while all is well, nothing is failing, and nothing was lost', async () => {
    const queries = table.flatMap(([, each]) => each);
    const well = await askPrometheus(scrapes.slice(0, TROUBLE), queries);
    expect(well.flat().filter((one) => one.value > 0)).toEqual([]);
  });
});

describe.skipIf(!hasPromtool && !process.env.CI)('an alert', () => {
  const silence = async () => {
    throw new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNRESET' }) });
  };
  const refusal = async () => new Response(null, { status: 503 });
  const answer = async () => new Response();

  /** What fires after a quarter of an hour in which that was done every minute. */
  async function firing(
    minute: (now: number, api: SteadFetch, answers: (how: typeof fetch) => void) => Promise<unknown>,
  ): Promise<(string | undefined)[]> {
    let how: typeof fetch = answer;
    const register = new Registry();
    const api = createFetch({
      fetch: (...request) => how(...request),
      retry: { base: 0, cap: 0 },
      breaker: { minimum: 1_000 },
      patience: 0,
    });
    countCalls(api, register);
    const scrapes = [await register.metrics()];
    for (let now = 1; now <= 15; now++) {
      await minute(now, api, (next) => {
        how = next;
      }).catch(() => undefined);
      scrapes.push(await register.metrics());
    }
    const [found = []] = await askPrometheus(scrapes, ['ALERTS{alertstate="firing"}'], rules);
    return found.map(({ labels }) => labels.alertname);
  }

  test.each([
    ['all is well', 0],
    ['one of them was retried', 3],
  ])('is not given for a service with few calls, when %s', async (_what, failing) => {
    const fired = await firing(async (now, api, answers) => {
      if (now === failing) {
        answers(async () => {
          answers(answer);
          return await refusal();
        });
      }
      if (now < 5) await api(UP);
    });
    expect(fired).toEqual([]);
  });

  test('of an empty budget is given while attempts go on failing', async () => {
    const fired = await firing(async (_now, api, answers) => {
      answers(refusal);
      await Promise.all(Array.from({ length: 5 }, () => api(UP)));
    });
    expect(fired).toEqual(expect.arrayContaining(['RetryBudgetLow', 'RetryBudgetEmpty']));
  });

  test.each(['POST', 'PUT', 'DELETE'])(
    'of unknown delivery is given for the first %s that was aborted',
    async (method) => {
      const fired = await firing(async (now, api, answers) => {
        if (now < 10) return await api(UP);
        if (now > 10) return;
        const caller = new AbortController();
        answers(async () => {
          caller.abort();
          throw caller.signal.reason;
        });
        return await api(UP, { method, signal: caller.signal });
      });
      expect(fired).toEqual(['DeliveryUnknown']);
    },
  );

  test('of unknown delivery is not given for a call that only reads', async () => {
    const fired = await firing(async (now, api, answers) => {
      answers(now === 10 ? silence : answer);
      await api(UP);
    });
    expect(fired).toEqual([]);
  });
});
