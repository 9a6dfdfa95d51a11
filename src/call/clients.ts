import type { ScopeSnapshot } from '../model/breaker.ts';

/** Says what a client's scopes hold. It lives as long as its client. */
type Describe = () => ScopeSnapshot[];

/** Where every copy of this package in the process puts its clients. */
const CLIENTS: unique symbol = Symbol.for('steadfetch.clients') as never;
const shared = globalThis as { [CLIENTS]?: Set<WeakRef<Describe>> };

/** As many dead references are kept before they are looked for. */
let prunedAt = 100;

/** From now on `everyScope` includes the scopes of that client, for as long as the client exists. */
export function enlist(describe: Describe): void {
  shared[CLIENTS] ??= new Set();
  const clients = shared[CLIENTS];
  clients.add(new WeakRef(describe));
  if (clients.size <= prunedAt) return;
  for (const client of clients) if (client.deref() === undefined) clients.delete(client);
  prunedAt = Math.max(100, 2 * clients.size);
}

/** The scopes of every client in this process. Two clients may each have one of the same name. */
export function everyScope(): ScopeSnapshot[] {
  return [...(shared[CLIENTS] ?? [])].flatMap((client) => client.deref()?.() ?? []);
}
