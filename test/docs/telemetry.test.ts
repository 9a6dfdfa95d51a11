import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { countDurable } from '../../docs/examples/telemetry/outbox.ts';
import { countCalls } from '../../docs/examples/telemetry/prometheus.ts';
import { createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const read = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

/** Every metric that the text names, without the suffixes that Prometheus adds to a histogram. */
const namesIn = (text: string) =>
  new Set([...text.matchAll(/steadfetch_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, '')));

test('the Prometheus recipe counts what happens, and dashboard, alerts and page name nothing else', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
  const register = new Registry();
  const api = createFetch({ retry: { base: 1, cap: 1 } });
  countCalls(api, register);
  countDurable({ outbox: { stats: async () => ({ waiting: 3, dead: 2, oldest: 1_500 }) } }, register);
  await (await api(server.url)).text();
  api.breakers.isolate(server.url);
  const text = await register.metrics();

  const scope = server.url;
  expect(text).toContain(`steadfetch_calls_total{scope="${scope}",stopped="success",delivery="answered"} 1`);
  expect(text).toContain(`steadfetch_attempts_total{scope="${scope}",reason="status",status="503"} 1`);
  expect(text).toContain(`steadfetch_retries_total{scope="${scope}",reason="status"} 1`);
  expect(text).toContain(`steadfetch_bodies_total{scope="${scope}",end="ended"} 1`);
  expect(text).toContain(`steadfetch_breaker_open{scope="${scope}"} 1`);
  expect(text).toContain(`steadfetch_budget_retries{scope="${scope}"} ${api.scopes()[0]?.budget}`);
  expect(text).toContain(`steadfetch_in_flight{scope="${scope}"} 0`);
  expect(text).toContain(`steadfetch_waiting{scope="${scope}"} 0`);
  api.breakers.restore(scope);
  expect(await register.metrics()).toContain(`steadfetch_breaker_open{scope="${scope}"} 0`);
  api.reset();
  expect(await register.metrics()).not.toContain('steadfetch_breaker_open{');
  expect(text).toContain('steadfetch_outbox_dead 2');
  expect(text).toContain('steadfetch_outbox_oldest_seconds 1.5');

  const counted = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  for (const page of ['examples/telemetry/alerts.yml', 'examples/telemetry/grafana.json', 'telemetry.md']) {
    const strays = [...namesIn(read(page))].filter((name) => !counted.has(name));
    expect([page, strays]).toEqual([page, []]);
  }
});

test('the dashboard is one that Grafana imports: unique panels, each with a data source and a query', () => {
  const { panels, templating, schemaVersion } = JSON.parse(read('examples/telemetry/grafana.json'));
  expect(schemaVersion).toBeGreaterThan(30);
  expect(templating.list).toMatchObject([{ type: 'datasource', query: 'prometheus' }]);
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
  for (const { datasource, targets } of panels) {
    expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
    expect(targets.every(({ expr }: { expr: string }) => expr.includes('steadfetch_'))).toBe(true);
  }
});
