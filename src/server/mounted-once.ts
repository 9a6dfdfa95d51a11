import type { ScopedKey } from '../once/store.ts';

/** The keys under which each request is protected now. */
const held = new WeakMap<object, Set<string>>();
/** The original of each request that was copied to pass its body on. */
const originals = new WeakMap<object, object>();

/** Notes that `copy` is the same request as `original`. */
export function sameRequest<T extends object>(copy: T, original: object): T {
  originals.set(copy, originals.get(original) ?? original);
  return copy;
}

/**
 * Notes that a request is protected under a key.
 *
 * @returns a function that removes the note
 * @throws If the request is protected under that key already: it would wait for itself, and be refused as in progress.
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
