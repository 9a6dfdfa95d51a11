import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createFetch, type Events, eventNames } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
const documented = JSON.parse(page.match(/^```json\n(.*?)^```$/ms)?.[1] ?? '') as Record<string, object>;

/** The names of members, nested, with the kind of each value; list entries together. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return Object.assign({}, ...value.map((entry) => shape(entry) as object));
  if (typeof value !== 'object' || value === null) return typeof value;
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.map(([name, member]) => [name, shape(member)]));
}

test('each event looks as docs/events.md shows it', async () => {
  await using server = await startFaultServer({
    faults: [
      { kind: 'answer', status: 503 },
      { kind: 'cut', at: 'booked', how: 'reset' },
    ],
  });
  const options = { retry: { base: 1, cap: 2 }, endpoints: { [`POST ${server.url}/v1/*`]: {} } };
  const api = createFetch({ ...options, breaker: { minimum: 4 }, budget: { ratio: 0, reserve: 3 } });
  const seen: { [Name in keyof Events]?: Events[Name] } = {};
  for (const name of eventNames) {
    api.on(name, (event) => {
      seen[name] ??= event as never;
    });
  }

  const response = await api(`${server.url}/v1/charges?secret=1`, { method: 'POST', body: 'x' });
  expect(response.status).toBe(201);
  await response.text();
  for (let i = 0; i < 3; i++) server.next({ kind: 'answer', status: 503 });
  await api(`${server.url}/v1/charges`);
  // The breaker is open by now; without it, the budget is what ends the retries.
  await api.extend({ breaker: false })(`${server.url}/v1/charges`);

  const crowded = createFetch({
    fetch: async () => new Response(),
    breaker: { scope: ({ url }) => url.pathname },
  });
  crowded.on('forgotten', (event) => {
    seen.forgotten ??= event;
  });
  for (let tenant = 0; tenant <= 1_000; tenant++) await crowded(`${server.url}/${tenant}`);

  const busy = createFetch({ limit: { concurrency: 1 } });
  busy.on('queued', (event) => {
    seen.queued ??= event;
  });
  await Promise.all([busy(`${server.url}/v1/charges`), busy(`${server.url}/v1/charges`)]);

  const updated = createFetch();
  updated.on('update', (event) => {
    seen.update = event;
  });
  updated.update({ retry: { attempts: 3 } });

  expect(Object.keys(seen).sort()).toEqual(Object.keys(documented).sort());
  expect(shape(seen)).toEqual(shape(documented));
  expect(JSON.stringify(seen)).not.toContain('secret');
});
