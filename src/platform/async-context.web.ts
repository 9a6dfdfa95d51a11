import type { AsyncContext } from './async-context.ts';

interface Storage<Value> {
  run<Result>(value: Value, task: () => Result): Result;
  getStore(): Value | undefined;
}

/** Bun, Deno and workerd have Node's; a browser has none, and there nothing is known of the task. */
export function asyncContext<Value>(): AsyncContext<Value> {
  const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const hooks = process?.getBuiltinModule?.('node:async_hooks') as
    | { AsyncLocalStorage: new () => Storage<Value> }
    | undefined;
  if (hooks === undefined) return { run: (_value, task) => task(), get: () => undefined };
  const storage = new hooks.AsyncLocalStorage();
  return { run: (value, task) => storage.run(value, task), get: () => storage.getStore() };
}
