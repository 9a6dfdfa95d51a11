import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { listen } from '../support/listen.ts';

/** A balancer with one broken server, to which its first connection leads. */
async function balancer() {
  const connections: Socket[] = [];
  const server = createServer(({ socket }, response) => {
    response.writeHead(socket === connections[0] ? 503 : 200).end('body');
  });
  server.on('connection', (socket) => connections.push(socket));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listen(server), connections };
}

const retry = { base: 1 };

test('a repeat that fails like the first attempt closes its connection, and the next one takes another', async () => {
  const { url, connections } = await balancer();
  const response = await createFetch({ retry })(url);
  expect(response.status).toBe(200);
  expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(connections).toHaveLength(2);
});

test('so does one that follows redirects', async () => {
  const { url, connections } = await balancer();
  const response = await createFetch({ retry })(url, { mode: 'no-cors' });
  expect(response.status).toBe(200);
  expect(connections).toHaveLength(2);
});

test('so does one behind the interceptor, unless its caller said otherwise', async () => {
  const { url, connections } = await balancer();
  const dispatcher = new Agent().compose(resilience({ retry }));
  onTestFinished(() => dispatcher.close());
  const kept = await request(url, { dispatcher, reset: false });
  expect(kept.statusCode).toBe(503);
  await kept.body.dump();
  expect(connections).toHaveLength(1);
  const { statusCode, body } = await request(url, { dispatcher });
  await body.dump();
  expect(statusCode).toBe(200);
  expect(connections).toHaveLength(2);
});

test('a call that goes well keeps its connection, and so does a first attempt that fails', async () => {
  let isDown = true;
  const server = createServer((_request, response) => {
    response.writeHead(isDown ? 503 : 200).end();
  });
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  onTestFinished(() => void server.close());
  const url = await listen(server);
  const api = createFetch({ retry: false });
  for (const down of [true, false, true, false]) {
    isDown = down;
    await (await api(url)).text();
    // Only then is the connection free again.
    await new Promise(setImmediate);
  }
  expect(connections).toBe(1);
  server.closeAllConnections();
  await once(server.close(), 'close');
});
