import { expect, test } from 'vitest';
import type { once as Once, TransactionalStore } from '../../src/once/index.ts';

export const charge = { scope: { operation: 'charge', tenant: 'acme' }, key: 'a', fingerprint: 'one' };

/** Opens a transaction with the library and hands over ours in it, and a way to write a row, or to run another statement. */
export type Transaction = <T>(
  work: (store: TransactionalStore<unknown>, insert: (instead?: string) => Promise<unknown>) => Promise<T>,
) => Promise<T>;

/** What `within` promises, whichever library opened the transaction. */
export function joins(
  once: typeof Once,
  transaction: Transaction,
  count: (table: string) => Promise<number>,
) {
  test('key and row are committed with it, and a repeat in it or after it gets the value', async () => {
    const first = await transaction(async (store, insert) => {
      const effect = () => insert().then(() => ({ cents: 100 }));
      const value = await once(store, charge, effect);
      expect(await once(store, charge, () => expect.unreachable())).toMatchObject({ replayed: true });
      return value;
    });
    expect(first).toEqual({ value: { cents: 100 }, replayed: false });
    const second = await transaction((store) => once(store, charge, () => expect.unreachable()));
    expect(second).toEqual({ value: { cents: 100 }, replayed: true });
    await expect(
      transaction((store) => once(store, { ...charge, fingerprint: 'two' }, () => expect.unreachable())),
    ).rejects.toMatchObject({ name: 'KeyReusedError' });
    expect([await count('charges'), await count('once')]).toEqual([1, 1]);
  });

  test('an effect that fails leaves nothing, even if the transaction is committed', async () => {
    await transaction(async (store, insert) => {
      const failing = once(store, charge, () => insert().then(() => Promise.reject(new Error('declined'))));
      await expect(failing).rejects.toThrow('declined');
      await insert();
    });
    expect([await count('charges'), await count('once')]).toEqual([1, 0]);
  });

  test('an effect that swallows an error of the database is told so, and nothing is kept', async () => {
    let told: unknown;
    const working = transaction(async (store, insert) => {
      const swallowing = once(store, charge, () => insert('select 1/0').catch(() => 'as if nothing was'));
      told = await swallowing.catch((error: unknown) => error);
      await insert();
    });
    // postgres.js takes the whole transaction back after any error in it.
    const committed = await working.then(
      () => 1,
      () => 0,
    );
    expect(told).toMatchObject({ code: 'ERR_STEADFETCH_TRANSACTION_ABORTED' });
    expect([await count('charges'), await count('once')]).toEqual([committed, 0]);
  });

  test('an effect within another has a savepoint of its own: a failure of the outer one takes all of it back', async () => {
    const inner = { ...charge, key: 'inner' };
    await transaction(async (store, insert) => {
      const failing = once(store, charge, async () => {
        await insert();
        await once(store, inner, () => Promise.reject(new Error('the inner one'))).catch(() => {});
        throw new Error('the outer one');
      });
      await expect(failing).rejects.toThrow('the outer one');
      await once(store, charge, () => once(store, inner, () => insert().then(() => 'done')));
    });
    expect([await count('charges'), await count('once')]).toEqual([1, 2]);
  });

  test('effects that are begun side by side run one after the other, so that a failure takes back its own rows only', async () => {
    await transaction(async (store, insert) => {
      const one = (key: string, then = async () => key) =>
        once(store, { ...charge, key }, () => insert().then(then));
      const fails = () => Promise.reject(new Error('declined'));
      const ended = await Promise.allSettled([one('a'), one('b', fails), one('c')]);
      expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
    expect([await count('charges'), await count('once')]).toEqual([2, 2]);
  });

  test('a rollback takes key and row back', async () => {
    const rolledBack = transaction(async (store, insert) => {
      await once(store, charge, () => insert().then(() => 'done'));
      throw new Error('the caller changed its mind');
    });
    await expect(rolledBack).rejects.toThrow('changed its mind');
    expect([await count('charges'), await count('once')]).toEqual([0, 0]);
  });
}
