/** Node's is an object, the web's a number. */
export type Timer = ReturnType<typeof setTimeout>;

type NodeTimer = { ref?(): unknown; unref?(): unknown } | undefined;

/** While it runs, the process lives. Only Node knows the difference. */
export function ref(timer: Timer | undefined): void {
  (timer as NodeTimer)?.ref?.();
}

/** It keeps no process alive. Only Node knows the difference. */
export function unref(timer: Timer | undefined): void {
  (timer as NodeTimer)?.unref?.();
}

/** What `afterInput` will do. */
export type Look = ReturnType<typeof setImmediate> | Timer;

/** After what has come from the network has been read. Only Node has a place for that. */
export function afterInput(callback: () => void): Look {
  return typeof setImmediate === 'function' ? setImmediate(callback) : setTimeout(callback, 0);
}

export function cancel(look: Look | undefined): void {
  if (typeof clearImmediate === 'function') clearImmediate(look as NodeJS.Immediate);
  else clearTimeout(look as Timer);
}
