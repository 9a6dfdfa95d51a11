import type { ScopedKey, Store } from '../store.ts';
import { loadDriver } from './driver.ts';
import { scripts } from './redis-scripts.ts';

type Argument = string | Buffer;

/** What of an `ioredis` client is used. */
export interface IoRedisClient {
  callBuffer(command: string, args: Argument[]): Promise<unknown>;
}

/** What of a client of the package `redis` is used. */
export interface NodeRedisClient {
  sendCommand(args: Argument[], options: { typeMapping: { 36: BufferConstructor } }): Promise<unknown>;
}

/**
 * Keys in Redis, in lease mode. They are *not* atomic with your business data, and they last as long as Redis keeps
 * its promises: a failover can lose the newest keys, and `maxmemory-policy` must be `noeviction`.
 *
 * @param client Yours, of `ioredis` or `redis`, connected.
 * @param options.prefix Before the name of every key. Default: `'steadfetch:once:'`.
 */
export function redisStore(
  client: IoRedisClient | NodeRedisClient,
  { prefix = 'steadfetch:once:' }: { prefix?: string } = {},
): Store {
  const evaluate = async (
    script: string,
    { scope, key }: ScopedKey,
    args: readonly (string | number | Uint8Array)[],
  ) => {
    const name = prefix + JSON.stringify([scope, key]);
    const command = [
      script,
      '1',
      name,
      ...args.map((arg) => (typeof arg === 'object' ? Buffer.from(arg) : `${arg}`)),
    ];
    return 'callBuffer' in client
      ? client.callBuffer('EVAL', command)
      : client.sendCommand(['EVAL', ...command], { typeMapping: { 36: Buffer } });
  };

  return {
    async setup() {},

    async claim(id, { fingerprint = '', lease, lifetime }) {
      const [state, detail] = (await evaluate(scripts.claim, id, [fingerprint, lease, lifetime])) as [
        Buffer,
        (Buffer | number | null)?,
      ];
      switch (state.toString()) {
        case 'claimed':
          return { state: 'claimed', token: Number(detail) };
        case 'running':
          return { state: 'running', leaseLeft: Number(detail) };
        case 'done':
          return { state: 'done', result: Buffer.isBuffer(detail) ? detail : undefined };
        default:
          return { state: 'reused' };
      }
    },

    complete: async (id, token, result) =>
      (await evaluate(scripts.complete, id, result === undefined ? [token] : [token, result])) === 1,
    release: async (id, token) => (await evaluate(scripts.release, id, [token])) === 1,
    extend: async (id, token, lease) => (await evaluate(scripts.extend, id, [token, lease])) === 1,

    /** Nothing to do: Redis removes its keys itself. */
    purge: async () => 0,
  };
}

/**
 * Opens a connection of its own.
 *
 * @param url `redis://user:password@host:port/database`
 * @throws MissingDriverError without the package `redis`.
 * @example const store = await openRedis('redis://127.0.0.1');
 */
export async function openRedis(
  url: string,
  options: { prefix?: string } = {},
): Promise<Store & { close(): Promise<void> }> {
  const { createClient } = await loadDriver('redis', () => import('redis'));
  // Without a queue, a lost connection is an error at once and not a wait for it to come back.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {}); // every command reports it too
  await client.connect();
  return { ...redisStore(client, options), close: () => client.close() };
}
