import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once as event } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster } from 'redis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { once } from '../../src/once/index.ts';
import { openRedis, redisStore } from '../../src/once/stores/redis.ts';
import { listenOnPort } from '../support/listen.ts';
import { present, REDIS_URL } from './servers.ts';

const charge = (key: string) => ({ scope: { operation: 'charge', tenant: 'acme' }, key });
const prefix = `redis-test:${process.pid}:`;

/** The life of one key: claimed, busy, extended, done, replayed, and freed by a failure. */
async function wholeLife(client: Parameters<typeof redisStore>[0]) {
  const store = redisStore(client, { prefix });
  const key = crypto.randomUUID();
  const first = await once(store, charge(key), async (lease) => {
    await lease.extend();
    await expect(once(store, charge(key), () => expect.unreachable())).rejects.toMatchObject({
      name: 'InProgressError',
    });
    return 'done';
  });
  expect(first).toEqual({ value: 'done', replayed: false });
  expect(await once(store, charge(key), () => expect.unreachable())).toEqual({
    value: 'done',
    replayed: true,
  });
  const other = crypto.randomUUID();
  await expect(once(store, charge(other), () => Promise.reject(new Error('declined')))).rejects.toThrow(
    'declined',
  );
  expect(await once(store, charge(other), () => 2)).toEqual({ value: 2, replayed: false });
}

test('a Redis that is not there is an error of openRedis, not a wait for ever', async () => {
  await expect(openRedis('redis://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
});

describe.runIf(await present('Redis', 6379))('a client that was told', () => {
  test.each([
    ['ioredis, numbers as strings', { stringNumbers: true }],
    ['ioredis, to pipeline by itself', { enableAutoPipelining: true }],
    ['ioredis, a prefix of its own', { keyPrefix: `${prefix}own:` }],
  ])('%s', async (_what, options) => {
    const client = new Redis(REDIS_URL, options);
    await wholeLife(client);
    client.disconnect();
  });

  test.each([
    ['redis, RESP 3', () => createClient({ url: REDIS_URL, RESP: 3 })],
    [
      'redis, numbers as strings',
      () => createClient({ url: REDIS_URL, commandOptions: { typeMapping: { 58: String } } }),
    ],
    ['redis, a pool', () => createClientPool({ url: REDIS_URL })],
  ])('%s', async (_what, make) => {
    const client = make() as ReturnType<typeof createClient>;
    await client.connect();
    await wholeLife(client);
    await client.close();
  });
});

/** Servers of our own, with settings that would disturb the others on the standard port. */
const hasServer = spawnSync('redis-server', ['--version']).status === 0;
if (!hasServer) console.warn('Left out: no redis-server to start');

describe.runIf(hasServer)('a Redis', () => {
  const started: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'steadfetch-redis-'));
  afterAll(async () => {
    for (const server of started) {
      server.kill();
      await event(server, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(...settings: string[]): Promise<number> {
    const free = createServer();
    const port = await listenOnPort(free);
    await new Promise((resolve) => free.close(resolve));
    const config = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...settings];
    started.push(spawn('redis-server', config, { stdio: 'ignore' }));
    await vi.waitFor(() => event(connect(port, '127.0.0.1').end(), 'connect'), 8_000);
    return port;
  }

  test('that is full refuses new claims, and still records what was done', async () => {
    const port = await start('--maxmemory', '3mb', '--maxmemory-policy', 'noeviction');
    const client = new Redis(port, '127.0.0.1');
    const store = redisStore(client, { prefix });
    let full: Error | undefined;
    const running = once(store, charge('running'), async (lease) => {
      for (let n = 0; full === undefined && n < 20_000; n++)
        await once(store, charge(`${n}`), () => 'v'.repeat(400)).catch((error: Error) => {
          full = error;
        });
      await lease.extend();
      return 'recorded';
    });
    expect(await running).toEqual({ value: 'recorded', replayed: false });
    expect(full?.message).toMatch(/^OOM/);
    expect(await once(store, charge('running'), () => 'again')).toMatchObject({ replayed: true });
    const used = /used_memory:(\d+)/.exec(await client.info('memory'))?.[1];
    expect(Number(used)).toBeLessThan(3_500_000);
    client.disconnect();
  }, 60_000);

  describe('cluster', () => {
    let port: number;
    beforeAll(async () => {
      port = await start(
        '--cluster-enabled',
        'yes',
        '--cluster-announce-ip',
        '127.0.0.1',
        '--cluster-config-file',
        'nodes.conf',
      );
      const node = new Redis(port, '127.0.0.1');
      await node.call('CLUSTER', ['ADDSLOTSRANGE', '0', '16383']);
      await vi.waitFor(
        async () => expect(await node.call('CLUSTER', ['INFO'])).toMatch(/cluster_state:ok/),
        8_000,
      );
      node.disconnect();
    }, 30_000);

    test('keeps keys through ioredis', async () => {
      const client = new Cluster([{ host: '127.0.0.1', port }]);
      await wholeLife(client);
      client.disconnect();
    });

    test('keeps keys through redis', async () => {
      const client = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] });
      await client.connect();
      await wholeLife(client);
      await client.close();
    });
  });
});
