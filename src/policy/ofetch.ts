/**
 * Whether a member of an `init` is one of ofetch's own options. ofetch passes its options on to its `fetch`, and adds
 * `retry: 0` to its own retries. Its headers are always a `Headers`, and its `timeout` comes with a signal. Options that ask
 * for retries are still refused, because two layers that both retry are a mistake. So is `retry: false`, which means this
 * package's own `retry` to people who write it by hand.
 */
export function isOfetchs(name: string, value: unknown, init: Readonly<Record<string, unknown>>): boolean {
  if (!(init.headers instanceof Headers)) return false;
  if (name === 'retry') return value === 0;
  return name === 'timeout' && typeof value === 'number' && init.signal instanceof AbortSignal;
}
