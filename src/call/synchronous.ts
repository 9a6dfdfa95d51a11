/**
 * The result of a function of the caller's that must not be async.
 * @throws {TypeError} It is a promise, which would count as `true` whatever it resolves to.
 */
export function synchronous<T>(result: T, name: string): T {
  if (!(result instanceof Promise)) return result;
  // The call does not wait for it, so its rejection must not end the process.
  result.catch(() => {});
  throw new TypeError(`${name} must return true, false or undefined, got a promise: it must not be async`);
}
