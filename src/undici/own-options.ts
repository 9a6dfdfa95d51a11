import type { Dispatcher } from 'undici';
import type { CallOptions } from '../call/plan.ts';
import { ATTEMPT } from '../transport/undici/attempt-mark.ts';

/** What a dispatcher is asked for; it always has the members that differ between attempts. */
export type OwnOptions = Omit<Dispatcher.DispatchOptions, Varying> &
  CallOptions &
  Record<Varying, unknown> & { readonly [MEANT]?: unknown; [ATTEMPT]: unknown };

/**
 * Under this name undici 8's `fetch` gives the body that is to be sent, where `body` is but for a MockAgent to look at: the text or
 * the form that it was made from.
 */
export const MEANT = '__mockAgentBodyForDispatch';

type Varying = 'headers' | 'body' | 'headersTimeout' | 'bodyTimeout' | 'reset';

/**
 * A copy, with the same members for every call. undici spreads its caller's options and adds to them; on Node 20 each
 * object that is made so has a hidden class of its own, and to read from it costs many times as much
 * (`npm run bench:tricks`). So that is done once, and no attempt adds a member to its own copy.
 */
export function ownOptions(options: Dispatcher.DispatchOptions & CallOptions): OwnOptions {
  return {
    headers: undefined,
    body: undefined,
    headersTimeout: undefined,
    bodyTimeout: undefined,
    reset: undefined,
    [ATTEMPT]: false,
    ...options,
  };
}
