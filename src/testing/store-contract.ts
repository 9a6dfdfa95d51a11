import { deepEqual, equal, ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim, ClaimOptions, ScopedKey, Store } from '../once/store.ts';
import { type ContractCase, claimed, fresh, TERMS } from './contract-case.ts';

const SHORT: ClaimOptions = { ...TERMS, lease: 1 };

/**
 * The contract of every store, for any test runner. The cases use different keys, so they may share one store. Call the store's
 * `setup` first.
 *
 * @example for (const { title, check } of storeContract) test(title, () => check(myStore));
 */
export const storeContract: readonly ContractCase<Store>[] = [
  {
    title: 'setup may be called again, and by many at once',
    async check(store) {
      await Promise.all([store.setup(), store.setup(), store.setup(), store.setup()]);
    },
  },
  {
    title: 'an unknown key is claimed, under a token that is a positive safe integer',
    async check(store) {
      const token = await claimed(store, fresh());
      ok(Number.isSafeInteger(token) && token > 0, `token is ${token}`);
    },
  },
  {
    title: 'a key under lease is running, and says how long the lease lasts',
    async check(store) {
      const id = fresh();
      await claimed(store, id);
      const claim = await store.claim(id, TERMS);
      equal(claim.state, 'running');
      ok(claim.state === 'running' && claim.leaseLeft !== undefined, 'leaseLeft is known');
      ok(claim.leaseLeft > 0 && claim.leaseLeft <= TERMS.lease, `leaseLeft is ${claim.leaseLeft}`);
    },
  },
  {
    title: 'of many claims at the same moment one gets the key',
    async check(store) {
      const id = fresh();
      const states = await race(store, id);
      deepEqual(states, ['claimed', ...Array(states.length - 1).fill('running')]);
    },
  },
  {
    title: 'a result comes back byte for byte, whatever the bytes',
    async check(store) {
      const every = Uint8Array.from({ length: 256 }, (_, n) => n);
      for (const bytes of [every, new Uint8Array(0), new Uint8Array(1 << 20).fill(0xff)]) {
        const id = fresh();
        ok(await store.complete(id, await claimed(store, id), bytes));
        deepEqual(await stored(store, id), bytes);
      }
    },
  },
  {
    title: 'a result does not change when the bytes it was made from do',
    async check(store) {
      const id = fresh();
      const bytes = Uint8Array.of(1, 2, 3);
      await store.complete(id, await claimed(store, id), bytes);
      bytes.fill(9);
      (await stored(store, id))?.fill(9);
      deepEqual(await stored(store, id), Uint8Array.of(1, 2, 3));
    },
  },
  {
    title: 'a tombstone is done, without a result',
    async check(store) {
      const id = fresh();
      ok(await store.complete(id, await claimed(store, id), undefined));
      deepEqual(await store.claim(id, TERMS), { state: 'done', result: undefined });
    },
  },
  {
    title: 'what is done is done: its token can neither complete, release nor extend it any more',
    async check(store) {
      const id = fresh();
      const token = await claimed(store, id);
      await store.complete(id, token, Uint8Array.of(1));
      equal(await store.complete(id, token, Uint8Array.of(2)), false);
      equal(await store.release(id, token), false);
      equal(await store.extend(id, token, 1), false);
      deepEqual(await stored(store, id), Uint8Array.of(1));
    },
  },
  {
    title: 'a released key is free at once, and its next token is larger',
    async check(store) {
      const id = fresh();
      const first = await claimed(store, id);
      equal(await store.release(id, first), true);
      const second = await claimed(store, id);
      ok(second > first, `${second} after ${first}`);
      equal(await store.complete(id, first, Uint8Array.of(1)), false);
    },
  },
  {
    title: 'a token that does not hold the key changes nothing',
    async check(store) {
      const id = fresh();
      const token = await claimed(store, id);
      for (const other of [token + 1, token - 1]) {
        equal(await store.complete(id, other, Uint8Array.of(1)), false);
        equal(await store.release(id, other), false);
        equal(await store.extend(id, other, 1), false);
      }
      equal((await store.claim(id, TERMS)).state, 'running');
      ok(await store.complete(id, token, Uint8Array.of(1)));
    },
  },
  {
    title: 'a key that was never claimed can be neither completed, released nor extended',
    async check(store) {
      const id = fresh();
      equal(await store.complete(id, 1, Uint8Array.of(1)), false);
      equal(await store.release(id, 1), false);
      equal(await store.extend(id, 1, 1), false);
      await claimed(store, id);
    },
  },
  {
    title: 'a lease that ran out is taken over with a larger token, and the old owner is refused',
    async check(store) {
      const id = fresh();
      const old = await claimed(store, id, SHORT);
      const token = await eventuallyClaimed(store, id);
      ok(token > old, `${token} after ${old}`);
      equal(await store.complete(id, old, Uint8Array.of(1)), false);
      equal(await store.extend(id, old, 60_000), false);
      equal(await store.release(id, old), false);
      ok(await store.complete(id, token, Uint8Array.of(2)));
      deepEqual(await stored(store, id), Uint8Array.of(2));
    },
  },
  {
    title: 'of many that would take over one does',
    async check(store) {
      const id = fresh();
      await claimed(store, id, { ...SHORT, fingerprint: 'a' });
      await leaseEnds();
      const states = await race(store, id);
      deepEqual(states, ['claimed', ...Array(states.length - 1).fill('running')]);
    },
  },
  {
    title: 'a lease that ran out and was not taken over still completes',
    async check(store) {
      const id = fresh();
      const token = await claimed(store, id, { ...SHORT, fingerprint: 'a' });
      await leaseEnds();
      ok(await store.complete(id, token, Uint8Array.of(1)));
      deepEqual(await stored(store, id), Uint8Array.of(1));
    },
  },
  {
    title: 'an extended lease keeps others away, even past the lifetime',
    async check(store) {
      const id = fresh();
      const token = await claimed(store, id, { ...SHORT, lifetime: 1_000 });
      ok(await store.extend(id, token, 60_000));
      await sleep(1_010);
      const claim = await store.claim(id, TERMS);
      ok(claim.state === 'running' && (claim.leaseLeft ?? 0) > 10_000, JSON.stringify(claim));
    },
  },
  {
    title:
      'another fingerprint finds the key reused and changes nothing: running, done, or its lease run out',
    async check(store) {
      const mine = { ...TERMS, fingerprint: 'mine' };
      const other = { ...TERMS, fingerprint: 'other' };

      const id = fresh();
      const token = await claimed(store, id, mine);
      deepEqual(await store.claim(id, other), { state: 'reused' });
      ok(await store.complete(id, token, Uint8Array.of(1)));
      deepEqual(await store.claim(id, other), { state: 'reused' });
      equal((await store.claim(id, mine)).state, 'done');

      const left = fresh();
      await claimed(store, left, { ...mine, lease: 1 });
      await leaseEnds();
      deepEqual(await store.claim(left, other), { state: 'reused' });
      await claimed(store, left, mine);
    },
  },
  {
    title: 'no fingerprint is not compared, on either side',
    async check(store) {
      const id = fresh();
      const token = await claimed(store, id, { ...TERMS, fingerprint: 'mine' });
      equal((await store.claim(id, TERMS)).state, 'running');
      await store.release(id, token);
      await claimed(store, id, TERMS);
      equal((await store.claim(id, { ...TERMS, fingerprint: 'mine' })).state, 'running');
    },
  },
  {
    title: 'a key whose lifetime has ended is as good as new, for any fingerprint',
    async check(store) {
      const outlive = async (done: boolean) => {
        const id = fresh();
        const first = await claimed(store, id, { fingerprint: 'mine', lease: 1, lifetime: 1_000 });
        if (done) ok(await store.complete(id, first, Uint8Array.of(1)));
        const token = await eventuallyClaimed(store, id, { ...TERMS, fingerprint: 'other' });
        ok(token > first, `${token} after ${first}`);
        ok(await store.complete(id, token, undefined));
        deepEqual(await store.claim(id, TERMS), { state: 'done', result: undefined });
      };
      await Promise.all([outlive(true), outlive(false)]);
    },
  },
  {
    title: 'purge removes no more than its limit, and nothing that still lives',
    async check(store) {
      const [running, done] = [fresh(), fresh()];
      await claimed(store, running);
      await store.complete(done, await claimed(store, done), Uint8Array.of(1));
      for (let n = 0; n < 5; n++) await claimed(store, fresh(), { ...SHORT, lifetime: 1 });
      await leaseEnds();
      ok((await store.purge(2)) <= 2);
      ok((await store.purge(1_000)) <= 1_000);
      equal((await store.claim(running, TERMS)).state, 'running');
      equal((await store.claim(done, TERMS)).state, 'done');
    },
  },
  {
    title: 'keys are told apart by every character, and so are scopes',
    async check(store) {
      const salt = randomUUID();
      const keys = [
        salt,
        `${salt} `,
        salt.toUpperCase(),
        `${salt}é`,
        `${salt}e\u0301`,
        `${salt}"`,
        `${salt}\\`,
      ];
      const scopes = ['["a","b"]', '["a"]', '["a,b"]', '[]', `["${'語'.repeat(255)}","${'é'.repeat(255)}"]`];
      for (const scope of scopes) for (const key of keys) await claimed(store, { scope, key });
      await claimed(store, { scope: '["a","b"]', key: salt + '語'.repeat(255 - salt.length) });
    },
  },
];

/** Waits longer than a lease of `SHORT`. */
const leaseEnds = () => sleep(5);

async function stored(store: Store, id: ScopedKey): Promise<Uint8Array | undefined> {
  const claim = await store.claim(id, TERMS);
  ok(claim.state === 'done', `the claim found the key ${claim.state}`);
  return claim.result && new Uint8Array(claim.result.buffer, claim.result.byteOffset, claim.result.length);
}

async function race(store: Store, id: ScopedKey): Promise<Claim['state'][]> {
  const claims = await Promise.all(Array.from({ length: 40 }, () => store.claim(id, TERMS)));
  return claims.map(({ state }) => state).sort();
}

async function eventuallyClaimed(store: Store, id: ScopedKey, terms: ClaimOptions = TERMS): Promise<number> {
  for (let tries = 0; tries < 1_000; tries++) {
    const claim = await store.claim(id, terms);
    if (claim.state === 'claimed') return claim.token;
    await sleep(5);
  }
  throw new Error('the key was not free after 5 seconds');
}
