import { format } from 'node:util';

/** Shows an error of a listener as a warning of the process, so that it does not disturb the call. */
export function warn(error: unknown): void {
  // `format`, because not everything that can be thrown can be converted to a string.
  process.emitWarning(error instanceof Error ? error : new Error(format('%s', error)));
}
