/** An object in Node, a number on the web. */
export type Timer = ReturnType<typeof setTimeout>;

type NodeTimer = { ref?(): unknown; unref?(): unknown } | undefined;

/** Lets the timer keep the process alive. Has an effect only in Node. */
export function ref(timer: Timer | undefined): void {
  (timer as NodeTimer)?.ref?.();
}

/** Lets the process end before the timer fires. Has an effect only in Node. */
export function unref(timer: Timer | undefined): void {
  (timer as NodeTimer)?.unref?.();
}

/** Browsers lack these functions. In the edge runtime of Next.js they exist, and throw. */
const hasImmediate = (() => {
  try {
    clearImmediate(undefined);
    return true;
  } catch {
    return false;
  }
})();

/** The handle of a callback of `afterInput`. */
export type Look = ReturnType<typeof setImmediate> | Timer;

/** Calls `callback` after the input that has arrived from the network was read. Only Node has such a phase. */
export function afterInput(callback: () => void): Look {
  return hasImmediate ? setImmediate(callback) : setTimeout(callback, 0);
}

export function cancel(look: Look | undefined): void {
  if (hasImmediate) clearImmediate(look as NodeJS.Immediate);
  else clearTimeout(look as Timer);
}
