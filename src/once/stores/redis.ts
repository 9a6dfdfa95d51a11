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

/** What tells a client of the package `ioredis`, a `Redis` or a `Cluster`, from others. */
export interface IoRedisClient {
  callBuffer(command: string, args: Argument[]): Promise<unknown>;
}

/** What of it is used; the types of ioredis 6 do not have it. `callBuffer` fails when `enableAutoPipelining` is on. */
interface EvalBuffer {
  evalBuffer(script: string, numberOfKeys: number, ...keysAndArguments: Argument[]): Promise<unknown>;
}

/** What of a client of the package `redis` is used: of createClient, createClientPool, createCluster or createSentinel. */
export interface NodeRedisClient {
  withTypeMapping(mapping: { 36: BufferConstructor }): {
    eval(script: string, options: { keys: string[]; arguments: Argument[] }): Promise<unknown>;
  };
}

/** How the store uses Redis. */
export interface RedisOptions {
  /**
   * Before the name of every key.
   * @default 'steadfetch:once:'
   */
  readonly prefix?: string;
}

const optionChecks: Checks<RedisOptions> = {
  prefix: only('a string', (value): value is string => typeof value === 'string'),
};

/** Runs a script on one key. Strings come back as buffers, numbers as the client has them. */
type Evaluate = (script: string, key: string, args: Argument[]) => Promise<unknown>;

/** The way to run a script, for each kind of client. */
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
 * Keys in Redis, in lease mode. They are *not* atomic with your business data, and they last as long as Redis keeps
 * its promises: a failover can lose the newest keys, and `maxmemory-policy` must be `noeviction`.
 *
 * @param client Yours, of `ioredis` or `redis`, connected.
 * @throws PolicyError a bad argument.
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
  // A client may be told to give numbers as strings.
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
  options: RedisOptions = {},
): Promise<Store & { close(): Promise<void> }> {
  checkUrl(url, 'url');
  const { createClient } = await loadDriver('redis', () => import('redis'));
  // Without a queue, a lost connection is an error at once and not a wait for it to come back.
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', () => {}); // every command reports it too
  await client.connect();
  return { ...redisStore(client, options), close: () => client.close() };
}

const checkUrl = only(
  'a URL such as redis://127.0.0.1',
  (value): value is string => typeof value === 'string' && value !== '',
);
