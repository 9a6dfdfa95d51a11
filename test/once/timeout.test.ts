import { expect, test, vi } from 'vitest';
import { memoryStore, once, type Store, type TransactionalStore, withTimeout } from '../../src/once/index.ts';
import { soon } from '../support/eventually.ts';

const id = { scope: { operation: 'charge', tenant: 'acme' }, key: 'a' };
const never = () => new Promise<never>(() => {});
const timeout = { name: 'StoreTimeoutError', code: 'ERR_STEADFETCH_STORE_TIMEOUT' };

test.each(['claim', 'complete', 'release', 'extend', 'purge'] as const)('%s ends in time', async (step) => {
  const store = withTimeout<Store>({ ...memoryStore(), [step]: never }, 10);
  const identity = { scope: '[]', key: 'a' };
  const steps = {
    claim: () => store.claim(identity, { fingerprint: undefined, lease: 1, lifetime: 1 }),
    complete: () => store.complete(identity, 1, undefined),
    release: () => store.release(identity, 1),
    extend: () => store.extend(identity, 1, 1),
    purge: () => store.purge(1),
  };
  await expect(steps[step]()).rejects.toMatchObject({
    ...timeout,
    message: `The store did not answer within 10 ms (${step})`,
  });
});

test('setup may take its time: it may have to wait for its turn', async () => {
  const setup = vi.fn(() => new Promise<void>((resolve) => setTimeout(resolve, 30)));
  await withTimeout<Store>({ ...memoryStore(), setup }, 10).setup();
  expect(setup).toHaveBeenCalledOnce();
});

test('the effect may take longer than the store', async () => {
  const slow = () => new Promise((resolve) => setTimeout(resolve, 40, 'done'));
  expect(await once(withTimeout(memoryStore(), 10), id, slow)).toEqual({ value: 'done', replayed: false });
});

test('a claim that comes too late is given back', async () => {
  const memory = memoryStore();
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const late: Store = { ...memory, claim: (...args) => answered.then(() => memory.claim(...args)) };
  await expect(once(withTimeout(late, 10), id, () => 'late')).rejects.toMatchObject(timeout);
  answer();
  await soon(() => once(memory, id, () => 'second').catch((error: Error) => error.name)).toMatchObject({
    value: 'second',
  });
});

test('a transaction that begins too late runs nothing, and is rolled back', async () => {
  const work = vi.fn();
  const outcomes: string[] = [];
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const late: TransactionalStore<string> = {
    async transaction(inner) {
      await begun;
      return inner('tx', memoryStore()).catch((error: unknown) => {
        outcomes.push('rolled back');
        throw error;
      });
    },
  };
  await expect(withTimeout(late, 10).transaction(work)).rejects.toMatchObject(timeout);
  begin();
  await soon(() => outcomes).toEqual(['rolled back']);
  expect(work).not.toHaveBeenCalled();
});

test('a commit that does not end is given up on', async () => {
  const hanging: TransactionalStore<string> = {
    transaction: (work) => work('tx', memoryStore()).then(never),
  };
  await expect(once(withTimeout(hanging, 10), id, () => 'done')).rejects.toMatchObject({
    ...timeout,
    message: 'The store did not answer within 10 ms (commit or rollback)',
  });
});
