import { setTimeout as sleep } from 'node:timers/promises';
import { fetch } from 'undici';
import { expect, it } from 'vitest';
import { startFaultServer } from './fault-server.ts';
import { webWork } from './web-work.ts';

const echo = async (request: Request) =>
  new Response(await request.text(), {
    status: 202,
    headers: { 'x-asked': `${request.method} ${request.url}` },
  });

it('lets a handler answer in place of the server, which books nothing', async () => {
  await using server = await startFaultServer({ work: webWork(echo) });
  const response = await fetch(`${server.url}/charges?a=1`, { method: 'POST', body: 'œuvre' });
  expect([response.status, await response.text()]).toEqual([202, 'œuvre']);
  expect(response.headers.get('x-asked')).toMatch(/^POST .+\/charges\?a=1$/);
  expect([server.requests.length, server.bookings.length]).toEqual([1, 0]);
});

it('answers 500 for a handler that throws', async () => {
  await using server = await startFaultServer({ work: webWork(() => Promise.reject(new Error('broken'))) });
  expect((await fetch(server.url, { method: 'POST' })).status).toBe(500);
});

it('strikes around the handler: before it, so that it never runs, or after it', async () => {
  let runs = 0;
  const work = webWork(async (request) => {
    runs++;
    return echo(request);
  });
  await using server = await startFaultServer({ work });
  server.next({ kind: 'cut', at: 'request', how: 'reset' });
  await expect(fetch(server.url, { method: 'POST' })).rejects.toThrow('fetch failed');
  expect(runs).toBe(0);
  server.next({ kind: 'cut', at: 'booked', how: 'reset' });
  await expect(fetch(server.url, { method: 'POST' })).rejects.toThrow('fetch failed');
  expect(runs).toBe(1);
});

it('is closed when the work is done', async () => {
  let done = false;
  const server = await startFaultServer({
    faults: [{ kind: 'late' }],
    work: webWork(async () => {
      await sleep(20);
      done = true;
      return new Response();
    }),
  });
  await expect(fetch(server.url, { method: 'POST', signal: AbortSignal.timeout(50) })).rejects.toThrow();
  await server.close();
  expect(done).toBe(true);
});
