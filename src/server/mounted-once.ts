import type { ScopedKey } from '../once/store.ts';

/** The keys that are held for a request by those who protect it. */
const held = new WeakMap<object, Set<string>>();
/** Requests that were made from another one, to hand a body on. */
const originals = new WeakMap<object, object>();

/** `copy` is the same request as `original`. */
export function sameRequest<T extends object>(copy: T, original: object): T {
  originals.set(copy, originals.get(original) ?? original);
  return copy;
}

/**
 * Notes that a request is being protected under a key.
 *
 * @returns takes the note back
 * @throws if it is protected under that key already: it would wait for itself, and be told that it is in progress
 */
export function enter(request: object, { scope, key }: ScopedKey): () => void {
  const original = originals.get(request) ?? request;
  const keys = held.get(original) ?? new Set();
  const name = JSON.stringify([scope, key]);
  if (keys.has(name))
    throw new Error(
      `idempotency is mounted twice in front of this handler, with the same scope ${scope}: mount it once, or give one of them another operation`,
    );
  held.set(original, keys.add(name));
  return () => keys.delete(name);
}
