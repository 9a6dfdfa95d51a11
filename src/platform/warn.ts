import { format } from 'node:util';

/** A listener's mistake is reported where it can be seen, and nowhere near the call. */
export function warn(error: unknown): void {
  // `format`, because not everything that can be thrown can be made a string.
  process.emitWarning(error instanceof Error ? error : new Error(format('%s', error)));
}
