import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from '../once/once.ts';
import type { TransactionalStore } from '../once/store.ts';
import { type ContractCase, claimed, fresh, TERMS } from './contract-case.ts';

/**
 * The contract of every transactional store. The store that it passes to `transaction` must also fulfil `storeContract`. Only
 * your own tests can check that your rows are committed together with the key.
 *
 * @example for (const { title, check } of transactionContract) test(title, () => check(store.transactional));
 */
export const transactionContract: readonly ContractCase<TransactionalStore<unknown>>[] = [
  {
    title: 'a transaction that resolves keeps the key and hands on what its work returned',
    async check(store) {
      const id = fresh();
      const value = await store.transaction(async (_tx, keys) => {
        ok(await keys.complete(id, await claimed(keys, id), Uint8Array.of(1)));
        return 'value';
      });
      equal(value, 'value');
      await store.transaction(async (_tx, keys) => equal((await keys.claim(id, TERMS)).state, 'done'));
    },
  },
  {
    title: 'a transaction that throws leaves no key behind, and throws the same error',
    async check(store) {
      const id = fresh();
      const fault = new Error('fault');
      const failing = store.transaction(async (_tx, keys) => {
        await keys.complete(id, await claimed(keys, id), Uint8Array.of(1));
        throw fault;
      });
      await rejects(failing, (error) => error === fault);
      await store.transaction(async (_tx, keys) => void (await claimed(keys, id)));
    },
  },
  {
    title: 'a duplicate that comes while the transaction is open does not run the effect',
    async check(store) {
      const key = fresh().key;
      const id = { scope: { operation: 'contract', tenant: 'steadfetch' }, key, wait: 5_000 };
      let runs = 0;
      let letGo = () => {};
      const gate = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      const first = once(store, id, async () => {
        runs++;
        // The duplicates come while this transaction is open. Some stores let them in, some make them wait.
        setTimeout(letGo, 50);
        await gate;
        return runs;
      });
      const others = Array.from({ length: 5 }, () => once(store, id, () => ++runs));
      const values = (await Promise.all([first, ...others])).map(({ value }) => value);
      deepEqual(values, [1, 1, 1, 1, 1, 1]);
      equal(runs, 1);
    },
  },
];
