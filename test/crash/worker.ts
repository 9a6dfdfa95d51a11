/**
 * One of the processes that race for the keys. A victim stops at its kill point with every key that it owns, and kills
 * itself with SIGKILL when there is no other key left to get; a survivor works until each key has an answer, and prints it.
 */
import pg from 'pg';
import { once, type Store } from '../../src/once/index.ts';
import { postgresStore } from '../../src/once/stores/postgres.ts';

export const KILL_POINTS = [
  'after-claim',
  'in-effect',
  'before-complete',
  'after-complete',
  'before-answer',
] as const;
export type KillPoint = (typeof KILL_POINTS)[number];
export type Mode = 'transaction' | 'lease';

export interface Task {
  readonly mode: Mode;
  readonly schema: string;
  readonly keys: readonly string[];
  /** Undefined: a survivor. */
  readonly killAt?: KillPoint;
  /** How wrong this process' clock is, in milliseconds. */
  readonly skew: number;
  readonly lease: number;
  readonly connection: pg.PoolConfig;
}

export interface Answer {
  readonly key: string;
  readonly value: unknown;
}

const CONCURRENCY = 4;

export async function work({ mode, schema, keys, killAt, skew, lease, connection }: Task): Promise<void> {
  const { now } = Date;
  Date.now = () => now() + skew;

  const pool = new pg.Pool({ ...connection, max: killAt === undefined ? CONCURRENCY : keys.length + 1 });
  const postgres = postgresStore(pool, { table: `${schema}.once` });
  let open = keys.length;
  const settled = () => {
    if (--open === 0 && killAt !== undefined) process.kill(process.pid, 'SIGKILL');
  };
  /** Stops here for ever, if this is the kill point. The key counts as settled: its process is about to die. */
  const point = async (here: KillPoint) => {
    if (here !== killAt) return;
    lane.next();
    settled();
    await new Promise(() => {});
  };
  const watched = (store: Store): Store => ({
    ...store,
    async claim(...args) {
      const claim = await store.claim(...args);
      if (claim.state === 'claimed') await point('after-claim');
      return claim;
    },
    async complete(...args) {
      await point('before-complete');
      const recorded = await store.complete(...args);
      await point('after-complete');
      return recorded;
    },
  });
  const insert = `insert into ${schema}.ledger (mode, key, token) values ($1, $2, $3) returning id`;

  const handle = (key: string) => {
    const id = {
      scope: { operation: 'crash', tenant: mode },
      key,
      lease,
      wait: killAt === undefined ? 60_000 : 0,
    };
    if (mode === 'lease')
      return once(watched(postgres), id, async ({ token }) => {
        const { rows } = await pool.query(insert, [mode, key, token]);
        await point('in-effect');
        return rows[0].id as string;
      });
    const store = {
      transaction: <T>(inner: (tx: pg.PoolClient, keys: Store) => Promise<T>) =>
        postgres.transactional.transaction((tx, bound) => inner(tx, watched(bound))),
    };
    return once(store, id, async (tx) => {
      const { rows } = await tx.query(insert, [mode, key, null]);
      await point('in-effect');
      return rows[0].id as string;
    });
  };

  const queue = [...keys];
  const lane = {
    next: () => {
      const key = queue.shift();
      if (key !== undefined) void run(key);
    },
  };
  async function run(key: string) {
    try {
      const { value, replayed } = await handle(key);
      if (!replayed) await point('before-answer');
      if (killAt === undefined) process.stdout.write(`${JSON.stringify({ key, value } satisfies Answer)}\n`);
    } catch (error) {
      // A victim that finds another one at work has lost that race.
      if (killAt === undefined || (error as Error).name !== 'InProgressError') throw error;
    }
    lane.next();
    settled();
    if (open === 0) await pool.end();
  }
  for (let n = 0; n < CONCURRENCY; n++) lane.next();
}

const task = process.argv[2];
if (task !== undefined && process.env.STEADFETCH_CRASH === 'worker') void work(JSON.parse(task) as Task);
