import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { consume, memoryStore, once, purge, type Store } from '../../src/once/index.ts';
import { soon } from '../support/eventually.ts';

const charge = (key: string, tenant = 'acme') => ({ scope: { operation: 'charge', tenant }, key });

/** A memory store whose clock moves only by hand. */
function storeWithClock() {
  let time = 1_000_000;
  const store = memoryStore(() => time);
  return {
    store,
    pass(ms: number) {
      time += ms;
    },
  };
}

/** A promise that is settled by hand. */
function gate<T>() {
  let open: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

describe('once', () => {
  test('runs the effect for the first caller and gives every later one its value', async () => {
    const store = memoryStore();
    let runs = 0;
    const effect = () => ({ charged: ++runs });
    expect(await once(store, charge('a'), effect)).toEqual({ value: { charged: 1 }, replayed: false });
    expect(await once(store, charge('a'), effect)).toEqual({ value: { charged: 1 }, replayed: true });
    expect(runs).toBe(1);
  });

  test('tells a concurrent duplicate that the effect is in progress, and when to ask again', async () => {
    const { store } = storeWithClock();
    const { promise, open } = gate<string>();
    const first = once(store, charge('a'), () => promise);
    await expect(once(store, charge('a'), () => 'second')).rejects.toMatchObject({
      name: 'InProgressError',
      code: 'ERR_STEADFETCH_IN_PROGRESS',
      retryAfter: 1_000,
    });
    open('first');
    expect(await first).toEqual({ value: 'first', replayed: false });
  });

  test('names the end of the lease, if that comes sooner than a second', async () => {
    const { store, pass } = storeWithClock();
    void once(store, { ...charge('a'), lease: 5_000 }, () => gate().promise);
    pass(4_700);
    await expect(once(store, charge('a'), () => 'second')).rejects.toMatchObject({ retryAfter: 300 });
  });

  test('lets a duplicate wait for the first one, if it asks to', async () => {
    const store = memoryStore();
    const { promise, open } = gate<string>();
    const first = once(store, charge('a'), () => promise);
    const second = once(store, { ...charge('a'), wait: 5_000 }, () => 'second');
    setTimeout(() => open('first'), 30);
    expect(await second).toEqual({ value: 'first', replayed: true });
    expect(await first).toEqual({ value: 'first', replayed: false });
  });

  test('does not wait longer than it was asked to', async () => {
    const store = memoryStore();
    void once(store, charge('a'), () => gate().promise);
    const started = performance.now();
    await expect(once(store, { ...charge('a'), wait: 30 }, () => 'second')).rejects.toMatchObject({
      name: 'InProgressError',
    });
    expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  });

  test('a waiting duplicate runs the effect itself when the first one fails', async () => {
    const store = memoryStore();
    const { promise, open } = gate<never>();
    const first = once(store, charge('a'), async () => {
      await promise;
      throw new Error('declined');
    });
    const second = once(store, { ...charge('a'), wait: 5_000 }, () => 'second');
    open(undefined as never);
    await expect(first).rejects.toThrow('declined');
    expect(await second).toEqual({ value: 'second', replayed: false });
  });

  test('an in-progress error of the effect itself is the effect’s own: it is not waited for', async () => {
    const store = memoryStore();
    void once(store, charge('inner'), () => gate().promise);
    let runs = 0;
    const outer = once(store, { ...charge('outer'), wait: 1_000 }, async () => {
      runs++;
      await once(store, charge('inner'), () => 'never');
    });
    await expect(outer).rejects.toMatchObject({ name: 'InProgressError' });
    expect(runs).toBe(1);
  });

  test('refuses the key with another fingerprint, and the honest retry still gets its answer', async () => {
    const store = memoryStore();
    await once(store, { ...charge('a'), fingerprint: 'ten euros' }, () => 10);
    await expect(once(store, { ...charge('a'), fingerprint: 'a million' }, () => 1e6)).rejects.toMatchObject({
      name: 'KeyReusedError',
      code: 'ERR_STEADFETCH_KEY_REUSED',
    });
    expect(await once(store, { ...charge('a'), fingerprint: 'ten euros' }, () => 1e6)).toEqual({
      value: 10,
      replayed: true,
    });
  });

  test('frees the key when the effect throws, and rethrows the same error', async () => {
    const store = memoryStore();
    const declined = new Error('declined');
    await expect(once(store, charge('a'), () => Promise.reject(declined))).rejects.toBe(declined);
    expect(await once(store, charge('a'), () => 'second try')).toEqual({
      value: 'second try',
      replayed: false,
    });
  });

  test('keeps tenants, operations and keys apart, however they are cut', async () => {
    const part = fc.string({
      minLength: 1,
      maxLength: 6,
      unit: fc.constantFrom('a', '"', ',', '[', ']', '\\', ':'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(part, part, part), { selector: String, minLength: 2 }),
        async (ids) => {
          // String(['a,', 'b']) and String(['a', ',b']) are the same, so these ids are a subset of all different ones.
          const store = memoryStore();
          for (const [operation, tenant, key] of ids)
            expect(await once(store, { scope: { operation, tenant }, key }, () => 1)).toMatchObject({
              replayed: false,
            });
        },
      ),
    );
  });

  test('the first caller gets the value as JSON gives it back, like every later one', async () => {
    const store = memoryStore();
    const effect = () => ({ at: new Date(0), nothing: undefined, amount: Number.NaN });
    const first = await once(store, charge('a'), effect);
    const second = await once(store, charge('a'), effect);
    expect(first.value).toStrictEqual({ at: '1970-01-01T00:00:00.000Z', amount: null });
    expect(second.value).toStrictEqual(first.value);
  });

  test('an effect that returns nothing is done all the same', async () => {
    const store = memoryStore();
    let runs = 0;
    for (const replayed of [false, true])
      expect(await once(store, charge('a'), () => void runs++)).toEqual({ value: undefined, replayed });
    expect(runs).toBe(1);
  });

  test('a value that JSON cannot hold is an error, and the effect is not run again', async () => {
    const store = memoryStore();
    let runs = 0;
    const effect = () => BigInt(++runs);
    await expect(once(store, charge('a'), effect)).rejects.toThrow(/BigInt/);
    await expect(once(store, charge('a'), effect)).rejects.toMatchObject({
      name: 'ResultNotKeptError',
      code: 'ERR_STEADFETCH_RESULT_NOT_KEPT',
    });
    expect(runs).toBe(1);
  });

  test('tells the owner whose lease was taken over, and keeps the other’s value', async () => {
    const { store, pass } = storeWithClock();
    const { promise, open } = gate<string>();
    const slow = once(store, { ...charge('a'), lease: 1_000 }, () => promise);
    pass(1_000);
    expect(await once(store, charge('a'), () => 'second')).toEqual({ value: 'second', replayed: false });
    open('first');
    await expect(slow).rejects.toMatchObject({ name: 'LeaseLostError', code: 'ERR_STEADFETCH_LEASE_LOST' });
    expect(await once(store, charge('a'), () => 'third')).toEqual({ value: 'second', replayed: true });
  });

  test('an old owner that fails does not free the key of the new one', async () => {
    const { store, pass } = storeWithClock();
    const { promise, open } = gate<never>();
    const slow = once(store, { ...charge('a'), lease: 1_000 }, async () => {
      await promise;
      throw new Error('too late');
    });
    pass(1_000);
    void once(store, charge('a'), () => gate().promise);
    open(undefined as never);
    await expect(slow).rejects.toThrow('too late');
    await expect(once(store, charge('a'), () => 'third')).rejects.toMatchObject({ name: 'InProgressError' });
  });

  test('an effect that extends its lease in time is not taken over; one that comes too late is told', async () => {
    const { store, pass } = storeWithClock();
    await once(store, { ...charge('a'), lease: 1_000 }, async (lease) => {
      for (let n = 0; n < 5; n++) {
        pass(900);
        await lease.extend();
        await expect(once(store, charge('a'), () => 'other')).rejects.toMatchObject({
          name: 'InProgressError',
        });
      }
      pass(1_000);
      await once(store, charge('a'), () => 'other');
      await expect(lease.extend()).rejects.toMatchObject({ name: 'LeaseLostError' });
    }).catch((error: unknown) => expect(error).toMatchObject({ name: 'LeaseLostError' }));
    expect.assertions(7);
  });

  test('hands the effect a fencing token that grows from owner to owner', async () => {
    const { store, pass } = storeWithClock();
    const tokens: number[] = [];
    for (let n = 0; n < 3; n++) {
      void once(store, { ...charge('a'), lease: 1_000 }, ({ token }) => {
        tokens.push(token);
        return gate().promise;
      });
      await Promise.resolve();
      pass(1_000);
    }
    await soon(() => tokens.length).toBe(3);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(3);
  });

  test('forgets a key at the end of its lifetime', async () => {
    const { store, pass } = storeWithClock();
    await once(store, { ...charge('a'), lifetime: 60_000 }, () => 'first');
    pass(59_999);
    expect(await once(store, charge('a'), () => 'second')).toMatchObject({ replayed: true });
    pass(1);
    expect(await once(store, charge('a'), () => 'second')).toEqual({ value: 'second', replayed: false });
  });

  test('remembers a key for a day by default', async () => {
    const { store, pass } = storeWithClock();
    await once(store, charge('a'), () => 'first');
    pass(86_399_999);
    expect(await once(store, charge('a'), () => 'second')).toMatchObject({ replayed: true });
    pass(1);
    expect(await once(store, charge('a'), () => 'second')).toMatchObject({ replayed: false });
  });

  test('says that the effect was done, and hands over its value, when the store fails afterwards', async () => {
    const down = new Error('connection lost');
    const store: Store = { ...memoryStore(), complete: () => Promise.reject(down) };
    await expect(once(store, charge('a'), () => 'done')).rejects.toMatchObject({
      name: 'NotRecordedError',
      code: 'ERR_STEADFETCH_NOT_RECORDED',
      value: 'done',
      cause: down,
    });
  });

  test('throws the effect’s own error, even if the store fails to release the key', async () => {
    const store: Store = { ...memoryStore(), release: () => Promise.reject(new Error('connection lost')) };
    const declined = () => Promise.reject(new Error('declined'));
    await expect(once(store, charge('a'), declined)).rejects.toThrow('declined');
  });

  test('does not run the effect when the store is down', async () => {
    const store: Store = { ...memoryStore(), claim: () => Promise.reject(new Error('connection refused')) };
    let runs = 0;
    await expect(once(store, charge('a'), () => runs++)).rejects.toThrow('connection refused');
    expect(runs).toBe(0);
  });
});

describe('consume', () => {
  test('runs the effect for the first delivery only', async () => {
    const store = memoryStore();
    let entries = 0;
    const deliver = () => consume(store, { consumer: 'ledger', messageId: 'm-1' }, () => entries++);
    expect(await deliver()).toEqual({ replayed: false });
    expect(await deliver()).toEqual({ replayed: true });
    expect(entries).toBe(1);
  });

  test('runs it once for each consumer of the same message', async () => {
    const store = memoryStore();
    for (const consumer of ['ledger', 'mail'])
      expect(await consume(store, { consumer, messageId: 'm-1' }, () => {})).toEqual({ replayed: false });
  });

  test('runs it again after a failure', async () => {
    const store = memoryStore();
    const id = { consumer: 'ledger', messageId: 'm-1' };
    await expect(consume(store, id, () => Promise.reject(new Error('deadlock')))).rejects.toThrow('deadlock');
    expect(await consume(store, id, () => {})).toEqual({ replayed: false });
  });
});

describe('purge', () => {
  test('removes what has ended, in batches, and nothing else', async () => {
    const { store, pass } = storeWithClock();
    for (let n = 0; n < 25; n++) await once(store, { ...charge(`old ${n}`), lifetime: 60_000 }, () => n);
    await once(store, charge('new'), () => 'new');
    pass(60_000);
    const batches: number[] = [];
    const watched: Store = {
      ...store,
      async purge(limit) {
        const gone = await store.purge(limit);
        batches.push(gone);
        return gone;
      },
    };
    expect(await purge(watched, 10)).toBe(25);
    expect(batches).toEqual([10, 10, 5]);
    expect(await once(store, charge('new'), () => 'again')).toMatchObject({ replayed: true });
  });
});
