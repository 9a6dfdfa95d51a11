import { aFunction } from '../checks.ts';
import type { ScopedKey, Store } from '../store.ts';

interface Entry {
  readonly token: number;
  readonly fingerprint: string | undefined;
  /** Epoch milliseconds; `undefined` once the effect is done. */
  leaseUntil: number | undefined;
  expiresAt: number;
  result?: Uint8Array | undefined;
}

/**
 * Keeps keys in the memory of this process: for tests, and for services with a single process. A restart forgets every key. Call
 * `purge` regularly, because nothing else removes keys whose lifetime has ended.
 *
 * @param now the clock, in milliseconds. Default: `Date.now`.
 * @throws {PolicyError} An argument is wrong.
 * @example const store = memoryStore();
 */
export function memoryStore(now: () => number = Date.now): Store {
  aFunction('a clock: a function that returns milliseconds')(now, 'now');
  const entries = new Map<string, Entry>();
  let lastToken = 0;

  const nameOf = (id: ScopedKey) => JSON.stringify([id.scope, id.key]);
  /** The entry, if this token holds it. */
  const held = (id: ScopedKey, token: number) => {
    const entry = entries.get(nameOf(id));
    return entry?.token === token && entry.leaseUntil !== undefined ? entry : undefined;
  };

  return {
    async setup() {},

    async claim(id, { fingerprint, lease, lifetime }) {
      const time = now();
      const entry = entries.get(nameOf(id));
      if (entry !== undefined && entry.expiresAt > time) {
        const { leaseUntil, result } = entry;
        if (differ(entry.fingerprint, fingerprint)) return { state: 'reused' };
        if (leaseUntil === undefined) return { state: 'done', result: result?.slice() };
        if (leaseUntil > time) return { state: 'running', leaseLeft: leaseUntil - time };
      }
      const token = ++lastToken;
      entries.set(nameOf(id), { token, fingerprint, leaseUntil: time + lease, expiresAt: time + lifetime });
      return { state: 'claimed', token };
    },

    async complete(id, token, result) {
      const entry = held(id, token);
      if (entry === undefined) return false;
      entry.leaseUntil = undefined;
      entry.result = result?.slice();
      return true;
    },

    async release(id, token) {
      return held(id, token) !== undefined && entries.delete(nameOf(id));
    },

    async extend(id, token, lease) {
      const entry = held(id, token);
      if (entry === undefined) return false;
      entry.leaseUntil = now() + lease;
      entry.expiresAt = Math.max(entry.expiresAt, entry.leaseUntil);
      return true;
    },

    async purge(limit) {
      const time = now();
      let removed = 0;
      for (const [name, entry] of entries) {
        if (removed === limit) break;
        if (entry.expiresAt <= time && entries.delete(name)) removed++;
      }
      return removed;
    },
  };
}

const differ = (a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && a !== b;
