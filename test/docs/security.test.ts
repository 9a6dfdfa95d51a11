import { createServer, type IncomingHttpHeaders } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { listen } from '../support/listen.ts';

/** A server that remembers the headers of each request. */
async function start(location?: string) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    seen.push(headers);
    response.writeHead(location === undefined ? 200 : 307, location === undefined ? {} : { location }).end();
  });
  const origin = await listen(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `${origin}/`, seen };
}

const init = { method: 'POST', body: '{}', headers: { authorization: 'Bearer 7', 'x-api-key': 'secret' } };

test('as docs/security.md says, a redirect to another origin takes the key and headers of your own along, without authorization', async () => {
  const stranger = await start();
  const service = await start(stranger.url);
  await createFetch()(service.url, { ...init, idempotencyKey: 'order-7' });
  const [headers] = stranger.seen;
  expect(headers).toMatchObject({ 'x-api-key': 'secret', 'idempotency-key': 'order-7' });
  expect(headers).not.toHaveProperty('authorization');
});

test("with redirect: 'error', nobody else is asked", async () => {
  const stranger = await start();
  const service = await start(stranger.url);
  await expect(createFetch()(service.url, { ...init, redirect: 'error' })).rejects.toThrow(TypeError);
  expect(service.seen).toHaveLength(1);
  expect(stranger.seen).toEqual([]);
});
