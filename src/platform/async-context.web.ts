import type { AsyncContext } from './async-context.ts';
import { builtin } from './builtin.ts';

/** A browser has none: there, nothing is known of the task. */
export function asyncContext<Value>(): AsyncContext<Value> {
  const hooks = builtin<typeof import('node:async_hooks')>('node:async_hooks');
  if (hooks === undefined) return { run: (_value, task) => task(), get: () => undefined };
  const storage = new hooks.AsyncLocalStorage<Value>();
  return { run: (value, task) => storage.run(value, task), get: () => storage.getStore() };
}
