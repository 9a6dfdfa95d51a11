import { codeOf } from '../model/cause.ts';

/**
 * Whether the error is steadfetch's own, or the error of a `fetch` whose network failed. Errors of the caller's code are neither.
 */
function isMadeHere(error: unknown): error is Error {
  if (!(error instanceof Error) || !Object.isExtensible(error)) return false;
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  return 'code' in error && codeOf(error)?.startsWith('ERR_STEADFETCH_') === true;
}

/**
 * Throws the error with a new stack. The stack of such an error begins in a socket or a timer. Taken where the
 * call ends, it has the line that awaits the call (`at async placeOrder`), as with the runtime's `fetch`.
 */
export function nameCaller(error: unknown): void {
  if (isMadeHere(error)) (Error as { captureStackTrace?(error: Error): void }).captureStackTrace?.(error);
}
