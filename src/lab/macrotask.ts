/** Resolves after all microtasks. Not affected by fake timers. */
export const macrotask: () => Promise<void> =
  typeof setImmediate === 'function' ? byImmediate(setImmediate) : byChannel();

function byImmediate(immediate: typeof setImmediate): () => Promise<void> {
  return () => new Promise((resolve) => immediate(resolve));
}

/** For browsers, which have no `setImmediate`, and whose `setTimeout` waits for milliseconds. */
function byChannel(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.addEventListener('message', () => waiting.shift()?.());
  port1.start();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(undefined);
    });
}
