/**
 * Keys in Redis.
 *
 * @module steadfetch/once/redis
 */

import { type Check, type Checks, checkMembers, fail, isFunction, only } from '../checks.ts';
import type { ScopedKey, Store } from '../store.ts';
import { loadDriver } from './driver.ts';
import { scripts } from './redis-scripts.ts';

type Argument = string | Buffer;

/** The member by which a client of the package `ioredis` (a `Redis` or a `Cluster`) is recognised. */
export interface IoRedisClient {
  callBuffer(command: string, args: Argument[]): Promise<unknown>;
}

/** The method that is called. The types of ioredis 6 lack it. `callBuffer` fails if `enableAutoPipelining` is on. */
interface EvalBuffer {
  evalBuffer(script: string, numberOfKeys: number, ...keysAndArguments: Argument[]): Promise<unknown>;
}

/**
 * The members of a client of the package `redis` that the store uses: of createClient, createClientPool, createCluster or
 * createSentinel.
 */
export interface NodeRedisClient {
  withTypeMapping(mapping: { 36: BufferConstructor }): {
    eval(script: string, options: { keys: string[]; arguments: Argument[] }): Promise<unknown>;
  };
}

/** Options of the store. */
export interface RedisOptions {
  /**
   * The prefix of every key's name.
   * @default 'steadfetch:once:'
   */
  readonly prefix?: string;
}

const optionChecks: Checks<RedisOptions> = {
  prefix: only('a string', (value): value is string => typeof value === 'string'),
};

/** Runs a script on one key. Strings are returned as buffers, numbers in the client's own form. */
type Evaluate = (script: string, key: string, args: Argument[]) => Promise<unknown>;

/** Runs scripts by a client of either package. */
const evaluatorOf: Check<Evaluate> = (client, path) => {
  const expected = 'a client of ioredis, or of redis 5 or later (a client, a pool, a cluster or a sentinel)';
  if (typeof client !== 'object' || client === null) return fail(path, expected, client);
  if (isFunction(Reflect.get(client, 'evalBuffer'))) {
    const ioredis = client as EvalBuffer;
    return (script, key, args) => ioredis.evalBuffer(script, 1, key, ...args);
  }
  if (isFunction(Reflect.get(client, 'withTypeMapping'))) {
    const redis = (client as NodeRedisClient).withTypeMapping({ 36: Buffer });
    return (script, key, args) => redis.eval(script, { keys: [key], arguments: args });
  }
  return fail(path, expected, client);
};

/**
 * Makes a store on your Redis client, in lease mode. Its keys are *not* atomic with your business data. They are only as durable
 * as Redis: a failover can lose the newest keys, and `maxmemory-policy` must be `noeviction`.
 *
 * @param client a connected client of `ioredis` or `redis`
 * @param options the prefix of the names of keys
 * @throws {PolicyError} An argument is wrong.
 * @example const store = redisStore(await createClient({ url: 'redis://127.0.0.1' }).connect());
 */
export function redisStore(client: IoRedisClient | NodeRedisClient, options: RedisOptions = {}): Store {
  const run = evaluatorOf(client, 'client');
  const { prefix = 'steadfetch:once:' } = checkMembers<RedisOptions>(
    options,
    { name: 'options' },
    optionChecks,
  );
  const evaluate = async (
    script: string,
    { scope, key }: ScopedKey,
    args: readonly (string | number | Uint8Array)[],
  ) =>
    run(
      script,
      prefix + JSON.stringify([scope, key]),
      args.map((arg) => (typeof arg === 'object' ? Buffer.from(arg) : `${arg}`)),
    );
  // A client may be configured to return numbers as strings.
  const changed = async (...args: Parameters<typeof evaluate>) => Number(await evaluate(...args)) === 1;

  return {
    async setup() {},

    async claim(id, { fingerprint = '', lease, lifetime }) {
      const [state, detail] = (await evaluate(scripts.claim, id, [fingerprint, lease, lifetime])) as [
        Buffer,
        (Buffer | number | string | null)?,
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

    complete: (id, token, result) =>
      changed(scripts.complete, id, result === undefined ? [token] : [token, result]),
    release: (id, token) => changed(scripts.release, id, [token]),
    extend: (id, token, lease) => changed(scripts.extend, id, [token, lease]),

    /** Nothing to do, because Redis removes keys itself. */
    purge: async () => 0,
  };
}

/**
 * Opens a connection for the store.
 *
 * @param url `redis://user:password@host:port/database`
 * @param options as for `redisStore`
 * @throws {MissingDriverError} The package `redis` is not installed.
 * @example const store = await openRedis('redis://127.0.0.1');
 */
export async function openRedis(
  url: string,
  options: RedisOptions = {},
): Promise<Store & { close(): Promise<void> }> {
  checkUrl(url, 'url');
  const { createClient } = await loadDriver('redis', () => import('redis'));
  // Without the offline queue, commands on a lost connection fail at once instead of waiting for the connection.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {}); // every command reports the error too
  // By itself it would try for ever, without an error.
  const failed = new Promise<never>((_, reject) => client.once('error', reject));
  try {
    await Promise.race([client.connect(), failed]);
  } catch (error) {
    client.destroy();
    throw error;
  }
  return { ...redisStore(client, options), close: () => client.close() };
}

const checkUrl = only(
  'a URL such as redis://127.0.0.1',
  (value): value is string => typeof value === 'string' && /^rediss?:/i.test(value),
);
