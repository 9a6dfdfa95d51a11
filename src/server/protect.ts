import { claimAndRun, type EffectResult } from '../once/claim-and-run.ts';
import {
  InProgressError,
  KeyReusedError,
  LeaseLostError,
  NotRecordedError,
  ResultNotKeptError,
} from '../once/errors.ts';
import { checkScope, type Scope, scopedKey } from '../once/scoped-key.ts';
import type { AnyStore, ContextOf } from '../once/store.ts';
import { readUpTo } from './body.ts';
import { fingerprintOf } from './fingerprint.ts';
import { parseKey } from './key.ts';
import type { Settings } from './options.ts';
import { problem } from './problem.ts';
import { decodeResponse, encodeResponse } from './record.ts';

/** What the guard has to know of a request, whichever framework it came through. */
export interface Incoming {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  header(name: string): string | null | undefined;
  scope(): Scope | Promise<Scope>;
  /** The raw body, or undefined if it is larger than `limit`. */
  body(limit: number): Promise<Uint8Array | undefined>;
}

/** The answer to a request. */
export interface Reply {
  readonly response: Response;
  /** Whether it is what the handler said to this very request. */
  readonly own: boolean;
}

/** Runs the handler, if it is to be run, and says what to answer. Undefined: not protected, the handler has not run. */
export type Protect<Context> = (
  incoming: Incoming,
  handle: (context: Context) => Promise<Response>,
) => Promise<Reply | undefined>;

/** The heart of every adapter: key, fingerprint, `once`, and an answer for everything that can go wrong. */
export function protect<S extends AnyStore>(settings: Settings<S>): Protect<ContextOf<S>> {
  return async (incoming, handle) => {
    const { method, path } = incoming;
    if (!settings.methods.has(method)) return undefined;

    const header = parseKey(incoming.header(settings.header));
    if (header.kind === 'missing' && !settings.required) return undefined;
    if (header.kind === 'missing') return refusal('key_missing', `The header ${settings.header} is required`);
    if (header.kind === 'malformed')
      return refusal('key_malformed', `The header ${settings.header} ${header.why}`);

    const identity = scopedKey(checkScope(await incoming.scope()), header.key);
    const body = await incoming.body(settings.requestLimit);
    if (body === undefined)
      return refusal('body_too_large', `The body is larger than ${settings.requestLimit} bytes`);
    const fingerprint = fingerprintOf(method, path, body, settings.fingerprint);

    let started = false;
    let failure: { error: unknown } | undefined;
    const effect = async (context: ContextOf<S>): Promise<EffectResult<Response>> => {
      started = true;
      try {
        return await settlement(await handle(context), settings);
      } catch (error) {
        failure = { error };
        throw error;
      }
    };

    try {
      const outcome = await claimAndRun(settings.store, identity, { ...settings, fingerprint }, effect);
      return outcome.replayed
        ? { response: decodeResponse(outcome.result), own: false }
        : { response: outcome.value, own: true };
    } catch (error) {
      if (failure?.error === error) throw error; // the handler's own: its framework has an answer
      const known = explain(error);
      if (known !== undefined) return known;
      settings.onError(error);
      // The effect is done, and this answer is the only one there will be.
      if (error instanceof NotRecordedError) return { response: error.value as Response, own: true };
      // Another is at it, or was: it has the answer that counts.
      if (error instanceof LeaseLostError) return refusal('in_progress', 'Another request took over', 1_000);
      if (!started && settings.whenStoreDown === 'run') return undefined;
      return refusal('store_unavailable', 'The keys cannot be reached; ask again with the same key', 1_000);
    }
  };
}

/** What is stored of a response. It is read first: what goes out before it is stored could be sent twice. */
async function settlement<S extends AnyStore>(
  response: Response,
  settings: Settings<S>,
): Promise<EffectResult<Response>> {
  if (!settings.keep(response)) return { value: response, keep: 'release' };
  const body = await readUpTo(response.body, settings.responseLimit);
  if (!body.whole) return { value: new Response(body.stream, response), keep: 'tombstone' };
  return {
    value: response.body === null ? response : new Response(body.bytes, response),
    keep: encodeResponse(response, body.bytes, settings.dropHeaders),
  };
}

function explain(error: unknown): Reply | undefined {
  if (error instanceof InProgressError)
    return refusal('in_progress', 'The first request with this key is still running', error.retryAfter);
  if (error instanceof KeyReusedError) return refusal('key_reused', 'This key was used with another request');
  if (error instanceof ResultNotKeptError)
    return refusal(
      'response_not_kept',
      'The request was carried out, once; its response was too large to keep',
    );
  return undefined;
}

const refusal = (...args: Parameters<typeof problem>): Reply => ({ response: problem(...args), own: false });
