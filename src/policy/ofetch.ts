/**
 * Whether a member of an `init` is ofetch's own: it hands its options on to its `fetch`, and adds `retry: 0` itself when
 * it asks again. Its headers are always a `Headers`, and beside its `timeout` is the signal that it ends by. What asks for
 * repeats is not let through, for two layers that each repeat are a mistake.
 */
export function isOfetchs(name: string, value: unknown, init: Readonly<Record<string, unknown>>): boolean {
  if (!(init.headers instanceof Headers)) return false;
  if (name === 'retry') return value === 0 || value === false;
  return name === 'timeout' && typeof value === 'number' && init.signal instanceof AbortSignal;
}
