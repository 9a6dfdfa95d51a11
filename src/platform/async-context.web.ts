import type { AsyncContext } from './async-context.ts';
import { builtin } from './builtin.ts';

/** Browsers have no async context. There, the value of a task is known until its first `await`. */
export function asyncContext<Value>(): AsyncContext<Value> {
  const hooks = builtin<typeof import('node:async_hooks')>('node:async_hooks');
  if (hooks === undefined) return untilTheFirstAwait();
  const storage = new hooks.AsyncLocalStorage<Value>();
  return { run: (value, task) => storage.run(value, task), get: () => storage.getStore() };
}

function untilTheFirstAwait<Value>(): AsyncContext<Value> {
  let current: Value | undefined;
  return {
    run(value, task) {
      const before = current;
      current = value;
      try {
        return task();
      } finally {
        current = before;
      }
    },
    get: () => current,
  };
}
