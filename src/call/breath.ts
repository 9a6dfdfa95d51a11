/** After this many refusals in one turn of the event loop its other work comes first. */
const MANY = 1_000;

/** Kept from the start: clocks of tests replace it, and then nothing would ever go on. */
const afterOtherWork: (run: () => void) => unknown = globalThis.setImmediate ?? setTimeout;

let refusals = 0;

/**
 * Asked before a call is refused that had nothing to wait for. A loop that calls again and again would else hold the event loop
 * for ever: the answer that ends its trouble could not come in. @returns what to wait for; undefined, for most refusals: nothing
 */
export function breath(): Promise<void> | undefined {
  if (refusals++ === 0)
    afterOtherWork(() => {
      refusals = 0;
    });
  return refusals < MANY ? undefined : new Promise((resolve) => afterOtherWork(resolve));
}
