import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { Agent, request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { listen } from '../support/listen.ts';

/** A balancer with one broken server, to which its first connection leads; and the connection that each request took. */
async function balancer() {
  const connections: Socket[] = [];
  const taken: number[] = [];
  const server = createServer(({ socket }, response) => {
    taken.push(connections.indexOf(socket));
    response.writeHead(socket === connections[0] ? 503 : 200).end('body');
  });
  server.on('connection', (socket) => connections.push(socket));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listen(server), connections, taken };
}

const retry = { base: 1 };

test('a repeat that fails like the first attempt closes its connection, and the next one takes another', async () => {
  const { url, taken } = await balancer();
  const response = await createFetch({ retry })(url);
  expect(response.status).toBe(200);
  expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(taken).toEqual([0, 0, expect.toSatisfy((connection) => connection > 0)]);
});

test('so does one whose responses are buffered', async () => {
  const { url, connections } = await balancer();
  const response = await createFetch({ retry, buffer: 1024 })(url);
  expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
  await expect.poll(() => connections[0]?.destroyed).toBe(true);
});

test('so does one that follows redirects', async () => {
  const { url, connections } = await balancer();
  const response = await createFetch({ retry })(url, { mode: 'no-cors' });
  expect(response.status).toBe(200);
  expect(connections).toHaveLength(2);
});

test('so does one behind the interceptor', async () => {
  const { url, taken } = await balancer();
  const dispatcher = new Agent().compose(resilience({ retry }));
  onTestFinished(() => dispatcher.close());
  const { statusCode, body } = await request(url, { dispatcher });
  await body.dump();
  expect(statusCode).toBe(200);
  expect(taken).toEqual([0, 0, expect.toSatisfy((connection) => connection > 0)]);
});

test('it does not, if the caller of undici keeps connections', async () => {
  const { url, taken } = await balancer();
  const dispatcher = new Agent().compose(resilience({ retry, breaker: false }));
  onTestFinished(() => dispatcher.close());
  const { statusCode, body } = await request(url, { dispatcher, reset: false });
  await body.dump();
  expect(statusCode).toBe(503);
  expect(new Set(taken)).toEqual(new Set([0]));
});

test('a repeat that fails and is the last keeps its connection, and its body comes', async () => {
  const { url, connections } = await balancer();
  const api = createFetch({ retry: { ...retry, attempts: 2 }, breaker: false, budget: false });
  for (const _ of [1, 2]) {
    const response = await api(url);
    expect(response.status).toBe(503);
    expect(await response.text()).toBe('body');
    await new Promise(setImmediate);
  }
  const unread = await api(url);
  expect(unread.status).toBe(503);
  for (const _ of [1, 2, 3]) await new Promise(setImmediate);
  expect((await api(url)).status).toBe(503);
  expect(connections).toHaveLength(1);
});

test('a repeat that is answered keeps its connection', async () => {
  let requests = 0;
  let connections = 0;
  const server = createServer((_request, response) => {
    response.writeHead(requests++ % 2 === 0 ? 503 : 200).end('body');
  });
  server.on('connection', () => {
    connections += 1;
  });
  onTestFinished(() => void server.close());
  const url = await listen(server);
  const api = createFetch({ retry });
  for (const _ of [1, 2, 3]) {
    expect(await (await api(url)).text()).toBe('body');
    await new Promise(setImmediate);
  }
  expect(requests).toBe(6);
  expect(connections).toBe(1);
  server.closeAllConnections();
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

test('a buffered answer of a last repeat is whole, or the attempt failed: its body is not left to the caller', async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.writeHead(503, { 'content-length': 4 });
    if (requests === 1) response.end('body');
    else response.write('bo', () => response.destroy());
  });
  onTestFinished(() => void server.close());
  const api = createFetch({ retry: { ...retry, attempts: 2 }, buffer: 1024, breaker: false, budget: false });
  const error = await api(await listen(server)).catch((thrown: unknown) => thrown);
  expect(callReport(error)?.attempts.map(({ reason }) => reason)).toEqual(['status', 'network']);
});
