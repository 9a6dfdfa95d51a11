import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/index.ts';

/** A server that remembers the headers of each request. */
async function start(location?: string) {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer(({ headers }, response) => {
    seen.push(headers);
    response.writeHead(location === undefined ? 200 : 307, location === undefined ? {} : { location }).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, seen };
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
