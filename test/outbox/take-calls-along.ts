import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AdaptedTx } from '../../src/outbox/database.ts';
import type { Outbox } from '../../src/outbox/outbox.ts';
import { POSTGRES, present, schemaOf } from '../once/servers.ts';
import { type Receiver, receiver } from './receiver.ts';

/** Writes an order, adds its call through the library's own transaction, and then does what `then` says. */
export type Transact = (
  id: string,
  add: (tx: AdaptedTx) => Promise<unknown>,
  then: () => void,
) => Promise<unknown>;

export interface Library {
  readonly transact: Transact;
  close(): Promise<unknown>;
}

type Opened = Pick<Outbox, 'add' | 'now' | 'stats' | 'close'>;

const isThere = await present('PostgreSQL', POSTGRES.port);

/** What the outbox promises to a transaction, whichever library opened it. Its table is `steadfetch_adapters (id text)`. */
export function takeCallsAlong(
  libraries: readonly [name: string, open: (pool: pg.Pool) => Promise<Library>][],
  openOutbox: (pool: pg.Pool, schema: string) => Promise<Opened>,
): void {
  describe.runIf(isThere)('a transaction of', () => {
    const schema = schemaOf('adapters');
    const pool = new pg.Pool(POSTGRES);
    let service: Receiver;
    let outbox: Opened;

    beforeAll(async () => {
      await pool.query(`drop schema if exists ${schema} cascade; drop table if exists steadfetch_adapters`);
      await pool.query('create table steadfetch_adapters (id text primary key)');
      service = await receiver();
      outbox = await openOutbox(pool, schema);
    }, 60_000);
    beforeEach(() => pool.query('truncate steadfetch_adapters'));
    afterAll(async () => {
      await outbox.close();
      await service.close();
      await pool.query(`drop schema ${schema} cascade; drop table steadfetch_adapters`);
      await pool.end();
    });

    test.each(libraries)(
      '%s takes a call along, or takes it back',
      { timeout: 60_000 },
      async (name, open) => {
        const { transact, close } = await open(pool);
        const init = (key: string) => ({
          method: 'POST',
          body: 'it\'s {"a":1}',
          idempotencyKey: key,
          headers: { accept: 'application/json' },
        });
        const add =
          (key: string, more = {}) =>
          (tx: AdaptedTx) =>
            outbox.add(tx, `${service.url}/${name}`, { ...init(key), ...more });
        let call: { id: string } | undefined;
        const keep = async (tx: AdaptedTx) => {
          call = await add(`${name}-1`)(tx);
        };
        await transact('one', keep, () => {});
        const failing = transact('two', add(`${name}-2`), () => {
          throw new Error('rolled back');
        });
        await expect(failing).rejects.toThrow('rolled back');
        // The same again, found in the same transaction; and one with a group, which takes a second statement.
        await transact('three', add(`${name}-1`), () => {});
        await transact('four', add(`${name}-3`, { group: 'g' }), () => {});
        await close();

        expect((await pool.query('select id from steadfetch_adapters order by id')).rows).toEqual([
          { id: 'four' },
          { id: 'one' },
          { id: 'three' },
        ]);
        expect(await outbox.now(call as { id: string })).toMatchObject({ outcome: 'done' });
        expect(service.arrivals.at(-1)).toMatchObject({
          path: `/${name}`,
          key: `${name}-1`,
          body: 'it\'s {"a":1}',
        });
        expect((await outbox.stats()).origins[service.url]?.waiting).toBe(1);
        await pool.query(`truncate ${schema}.job`);
      },
    );
  });
}
