/** How far a chain of causes is followed. Real chains are shorter; a circular chain must end. */
const DEPTH = 8;

/** An error and its causes, outermost first. */
export function* causes(error: unknown): Generator<object> {
  let current = error;
  for (let depth = 0; depth < DEPTH && typeof current === 'object' && current !== null; depth++) {
    yield current;
    current = (current as { cause?: unknown }).cause;
  }
}

/** Whether a value is an error of any realm: in Jest, Node's own errors are not instances of the global `Error`. */
export function isError(value: unknown): value is Error {
  return (
    value instanceof Error || /^\[object (Error|DOMException)\]$/.test(Object.prototype.toString.call(value))
  );
}

/** The first `code` along the chain of causes that is a string, such as `'ECONNREFUSED'`. */
export function codeOf(error: unknown): string | undefined {
  return codes(error).next().value;
}

/** The last `code` along the chain of causes: the original failure. */
export function rootCodeOf(error: unknown): string | undefined {
  return [...codes(error)].at(-1);
}

function* codes(error: unknown): Generator<string, undefined> {
  for (const cause of causes(error)) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string') yield code;
  }
}
