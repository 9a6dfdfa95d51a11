import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createFetch, type Events, eventNames } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');

/** What docs/events.md shows under that heading. */
const shown = (heading: string) => page.split(`### ${heading}\n`)[1]?.match(/```text\n(.*?)\n```/s)?.[1];

/** One line for each event, without what differs from run to run. */
function watch({ on }: ReturnType<typeof createFetch>): string[] {
  const lines: string[] = [];
  const say: { [Name in keyof Events]?: (event: Events[Name]) => string } = {
    'attempt-start': ({ number, allowedBy }) =>
      `number ${number}, breaker ${allowedBy.breaker}, budget ${allowedBy.budget}`,
    attempt: ({ attempt: { reason, status, error, delivery } }) =>
      `${reason} ${status ?? error?.code}, ${delivery}`,
    retry: ({ number, reason }) => `number ${number} will follow: ${reason}`,
    rejected: ({ by, number }) => `number ${number}, by ${by}`,
    breaker: ({ from, to, cause }) =>
      `${from} → ${to}${cause ? `, ${cause.failures} of ${cause.attempts} failed` : ''}`,
    settled: ({ stopped, delivery, attempts }) => `${stopped}, ${delivery}, attempts: ${attempts.length}`,
    body: ({ end }) => end,
  };
  for (const name of eventNames) {
    on(name, (event) => lines.push(`${name.padEnd(13)} ${say[name]?.(event as never) ?? ''}`.trimEnd()));
  }
  return lines;
}

const quick = { retry: { base: 1, cap: 1 }, patience: 0 };

test('a call that is good at once', async () => {
  await using server = await startFaultServer();
  const api = createFetch(quick);
  const lines = watch(api);
  await (await api(server.url)).text();
  expect(lines.join('\n')).toBe(shown('A call that is good at once'));
});

test('a call that is good at its third attempt', async () => {
  await using server = await startFaultServer({
    faults: [
      { kind: 'answer', status: 503 },
      { kind: 'cut', at: 'booked', how: 'reset' },
    ],
  });
  const api = createFetch(quick);
  const lines = watch(api);
  await (await api(server.url, { method: 'POST', body: 'x' })).text();
  expect(lines.join('\n')).toBe(shown('A call that is good at its third attempt'));
});

test('a call whose retries end at the breaker that they open', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  const api = createFetch({ ...quick, breaker: { minimum: 2 } });
  const lines = watch(api);
  await (await api(server.url)).text();
  expect(lines.join('\n')).toBe(shown('A call whose retries end at the breaker that they open'));
});
