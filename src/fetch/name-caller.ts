import { codeOf } from '../model/cause.ts';

/** Ours, and those that a `fetch` makes for a network that failed; never what the caller, or somebody's code, threw. */
function isMadeHere(error: unknown): error is Error {
  if (!(error instanceof Error) || !Object.isExtensible(error)) return false;
  if (error instanceof TypeError && error.message === 'fetch failed') return true;
  return 'code' in error && codeOf(error)?.startsWith('ERR_STEADFETCH_') === true;
}

/**
 * The stack of such an error begins in a socket or a timer. Taken anew where the call ends, it has the line that awaits the
 * call (`at async placeOrder`), as with the runtime's `fetch`.
 */
export function nameCaller(error: unknown): never {
  if (isMadeHere(error)) (Error as { captureStackTrace?(error: Error): void }).captureStackTrace?.(error);
  throw error;
}
