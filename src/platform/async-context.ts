import { AsyncLocalStorage } from 'node:async_hooks';

/** A value that belongs to one task, across all its `await`s. */
export interface AsyncContext<Value> {
  run<Result>(value: Value, task: () => Result): Result;
  /** Undefined outside of any task. */
  get(): Value | undefined;
}

export function asyncContext<Value>(): AsyncContext<Value> {
  const storage = new AsyncLocalStorage<Value>();
  return { run: (value, task) => storage.run(value, task), get: () => storage.getStore() };
}
