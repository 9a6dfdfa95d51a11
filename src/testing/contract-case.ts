import { ok } from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ClaimOptions, ScopedKey, Store } from '../once/store.ts';

/** One promise of a store: a sentence, and a check that rejects if the store breaks the promise. */
export interface ContractCase<S> {
  readonly title: string;
  /** Rejects if the store breaks the promise. */
  check(store: S): Promise<void>;
}

/** A claim that outlasts every case. */
export const TERMS: ClaimOptions = { fingerprint: undefined, lease: 60_000, lifetime: 120_000 };

/** A key that no other case uses. */
export const fresh = (): ScopedKey => ({ scope: '["contract","steadfetch"]', key: randomUUID() });

/** Claims a key that must be free. @returns the token */
export async function claimed(store: Store, id: ScopedKey, terms: ClaimOptions = TERMS): Promise<number> {
  const claim = await store.claim(id, terms);
  ok(claim.state === 'claimed', `the claim found the key ${claim.state}`);
  return claim.token;
}
