import { readFileSync } from 'node:fs';
import { parser } from '@prometheus-io/lezer-promql';
import pino from 'pino';
import { Registry } from 'prom-client';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { logCalls } from '../../docs/examples/telemetry/logs.ts';
import { countDurable } from '../../docs/examples/telemetry/outbox.ts';
import { countCalls } from '../../docs/examples/telemetry/prometheus.ts';
import { createFetch } from '../../src/index.ts';
import { eventfulClient, liveThrough, startEventfulService } from '../support/eventful-life.ts';
import { startFaultServer } from '../support/fault-server.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly datasource: object;
  readonly targets: readonly { readonly expr: string }[];
}
const dashboard = JSON.parse(read('examples/telemetry/grafana.json'));
const panels: readonly Panel[] = dashboard.panels;

/** Every query that users are given, by where it stands. */
const queries: readonly (readonly [where: string, query: string])[] = [
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => [`dashboard: ${title}`, expr] as const),
  ),
  ...[...read('examples/telemetry/alerts.yml').matchAll(/alert: (\w+)\n\s+expr: (.+)/g)].map(
    ([, name, expr]) => [`alert: ${name}`, expr ?? ''] as const,
  ),
  // One for each question: more than the bare name of a metric.
  ...[...read('telemetry.md').matchAll(/`([^`\n]*steadfetch_[^`\n]*)`/g)]
    .map(([, expr]) => ['telemetry.md', expr ?? ''] as const)
    .filter(([, expr]) => /[ ([{]/.test(expr)),
];

/** What a query names: metrics, and labels. @throws {Error} It is no PromQL. */
function namesIn(query: string): { metrics: string[]; labels: string[] } {
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(query).iterate({
    enter({ type, name, from, to, node }) {
      const text = query.slice(from, to);
      if (type.isError) throw new Error(`no PromQL at ${from}: ${query}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text);
      if (name === 'LabelName') labels.push(text);
    },
  });
  return { metrics, labels };
}

describe('dashboard, alerts and questions', () => {
  /** Of each metric that the recipes really write, its labels. */
  const written = new Map<string, Set<string>>();

  beforeAll(async () => {
    const register = new Registry();
    await using service = await startEventfulService();
    const api = eventfulClient(createFetch, service);
    countCalls(api, register);
    const sagas = { list: async () => [{}] };
    countDurable(
      { outbox: { stats: async () => ({ waiting: 3, dead: 2, oldest: 1_500 }) }, sagas },
      register,
    );
    await liveThrough(api, service);
    for (const [, name = '', labels = ''] of (await register.metrics()).matchAll(/^(\w+)(?:\{(.*)\})? /gm)) {
      const known = written.get(name) ?? new Set();
      for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
      written.set(name, known);
    }
  });

  test('there are queries to look at', () => {
    expect(queries.filter(([where]) => where.startsWith('dashboard')).length).toBeGreaterThan(9);
    expect(queries.filter(([where]) => where.startsWith('alert')).length).toBeGreaterThan(6);
    expect(queries.filter(([where]) => where === 'telemetry.md').length).toBeGreaterThan(5);
  });

  test.each(queries)('%s: %s is PromQL, of metrics that are written, with their labels', (_where, query) => {
    const { metrics, labels } = namesIn(query);
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((metric) => !written.has(metric))).toEqual([]);
    const has = new Set(metrics.flatMap((metric) => [...(written.get(metric) ?? [])]));
    expect(labels.filter((label) => !has.has(label))).toEqual([]);
  });

  test('a wrong query would be found', () => {
    expect(() => namesIn('sum by (scope (rate(x[5m]))')).toThrow('no PromQL');
    expect(namesIn('sum by (scope) (rate(a{b="c"}[5m])) > d')).toEqual({
      metrics: ['a', 'd'],
      labels: ['scope', 'b'],
    });
  });

  test('the dashboard is one that Grafana imports: unique panels, each with a data source and a query', () => {
    expect(dashboard.schemaVersion).toBeGreaterThan(30);
    expect(dashboard.templating.list).toMatchObject([{ type: 'datasource', query: 'prometheus' }]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { datasource, targets } of panels) {
      expect(datasource).toEqual({ type: 'prometheus', uid: '$' + '{datasource}' });
      expect(targets.length).toBeGreaterThan(0);
    }
  });
});

test('the Prometheus recipe reads gauges when Prometheus asks', async () => {
  await using server = await startFaultServer();
  const register = new Registry();
  const api = createFetch();
  countCalls(api, register);
  await (await api(server.url)).text();
  const scope = server.url;
  expect(await register.metrics()).toContain(
    `steadfetch_budget_retries{scope="${scope}"} ${api.scopes()[0]?.budget}`,
  );
  api.breakers.isolate(scope);
  expect(await register.metrics()).toContain(`steadfetch_breaker_open{scope="${scope}"} 1`);
  api.breakers.restore(scope);
  expect(await register.metrics()).toContain(`steadfetch_breaker_open{scope="${scope}"} 0`);
  expect(await register.metrics()).toContain(`steadfetch_in_flight{scope="${scope}"} 0`);
  const headers = { 'x-ratelimit-remaining': '7', 'x-ratelimit-reset': '60' };
  const told = createFetch({ fetch: async () => new Response(null, { headers }), quota: true });
  const other = new Registry();
  countCalls(told, other);
  await told(server.url);
  expect(await other.metrics()).toContain(
    `steadfetch_quota_remaining{scope="${scope}",quota="x-ratelimit"} 7`,
  );
  api.reset();
  expect(await register.metrics()).not.toContain('steadfetch_breaker_open{');
});

test('the Prometheus recipe counts two hundred scopes by themselves, and the others together', async () => {
  const register = new Registry();
  const api = createFetch({ fetch: async () => new Response() });
  countCalls(api, register);
  for (let host = 0; host < 210; host++) await api(`http://host-${host}.test/`);
  const { values } = (await register.getMetricsAsJSON()).find(
    ({ name }) => name === 'steadfetch_calls_total',
  ) as never as { values: { labels: { scope: string; stopped: string }; value: number }[] };
  const good = values.filter(({ labels }) => labels.stopped === 'success');
  expect(good).toHaveLength(201);
  expect(good.at(-1)).toMatchObject({ labels: { scope: 'other' }, value: 10 });
});

test('the recipe for pino logs what did not go well at once, in whole milliseconds', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (text: string) => void lines.push(JSON.parse(text)) });
  await using service = await startEventfulService();
  const api = eventfulClient(createFetch, service);
  logCalls(api, logger);
  await liveThrough(api, service);

  const of = (message: string) => lines.filter(({ msg }) => msg === message);
  expect(of('call succeeded by a retry')).toMatchObject([
    { level: 30, scope: 'flaky', attempts: 2, last: 200 },
  ]);
  expect(of('call failed')).toContainEqual(
    expect.objectContaining({ level: 40, scope: 'hangs', stopped: 'aborted', delivery: 'unknown' }),
  );
  expect(of('body broke off')).toMatchObject([{ end: 'network', url: `${service.url}/dies` }]);
  expect(of('breaker changed')[0]).toMatchObject({ level: 50, scope: 'down', to: 'open', failures: 2 });
  const times = lines.flatMap(({ ms }) => (ms === undefined ? [] : [ms]));
  expect(times.length).toBeGreaterThan(2);
  expect(times.every(Number.isInteger)).toBe(true);
});

test('a breaker that opens is an error, one that closes a warning, and what is between them information', async () => {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (text: string) => void lines.push(JSON.parse(text)) });
  let isBroken = true;
  const api = createFetch({
    fetch: async () => new Response(null, { status: isBroken ? 503 : 200 }),
    retry: false,
    patience: 0,
    breaker: { minimum: 2, cooldown: 1, maxCooldown: 1 },
  });
  logCalls(api, logger);
  const moved = () => lines.filter(({ to }) => to !== undefined).map(({ level, to }) => [level, to]);
  await vi.waitFor(async () => {
    await api('http://service.test/').catch(() => undefined);
    isBroken = moved().length === 0;
    expect(moved().at(-1)).toEqual([40, 'closed']);
  });
  expect(moved()[0]).toEqual([50, 'open']);
  expect(moved().slice(1, -1)).toEqual(expect.arrayContaining([[30, 'half-open']]));
  expect(moved().filter(([level]) => level === 50)).toHaveLength(1);
});

test('the outbox is counted once for all of its gauges', async () => {
  let asked = 0;
  const register = new Registry();
  const stats = async () => {
    asked += 1;
    return { waiting: asked, dead: asked, oldest: 1_000 * asked };
  };
  countDurable({ outbox: { stats } }, register);
  for (const count of [1, 2]) {
    const text = await register.metrics();
    for (const gauge of ['dead', 'waiting', 'oldest_seconds'])
      expect(text).toContain(`steadfetch_outbox_${gauge} ${count}`);
    expect(asked).toBe(count);
  }
});
