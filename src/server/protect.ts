import { claimAndRun, type EffectResult } from '../once/claim-and-run.ts';
import {
  InProgressError,
  KeyReusedError,
  LeaseLostError,
  NotRecordedError,
  ResultNotKeptError,
  TransactionAbortedError,
} from '../once/errors.ts';
import { checkScope, type Scope, scopedKey } from '../once/scoped-key.ts';
import type { AnyStore, ContextOf } from '../once/store.ts';
import { readUpTo } from './body.ts';
import { fingerprintOf } from './fingerprint.ts';
import { parseKey } from './key.ts';
import { enter } from './mounted-once.ts';
import type { Settings } from './options.ts';
import { type ProblemCode, problem } from './problem.ts';
import { decodeResponse, encodeResponse } from './record.ts';

/** A request, in the form that every framework's adapter provides. */
export interface Incoming {
  /** The framework's own request object, the same one wherever the request is protected. */
  readonly request: object;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  header(name: string): string | null | undefined;
  scope(): Scope | Promise<Scope>;
  /** The raw body; undefined if it is larger than `limit`. */
  body(limit: number): Promise<Uint8Array | undefined>;
}

/** The result of a handler. */
export interface Handled {
  readonly response: Response;
  /** The response's headers that were set before the handler ran. They belong to this request alone. */
  readonly before?: Headers;
  /** Whether the handler threw and its framework answered. */
  readonly threw?: boolean;
}

/** The answer to a request. */
export interface Reply {
  readonly response: Response;
  /** `'own'`: the response of this request's own handler. `'replay'`: an earlier response. `'refusal'`: a problem. */
  readonly kind: 'own' | 'replay' | 'refusal';
}

/**
 * Runs the handler if its key is free, and resolves to the answer. Undefined: the request is not protected, and nothing has run.
 */
export type Protect<Context> = (
  incoming: Incoming,
  handle: (context: Context) => Promise<Handled>,
) => Promise<Reply | undefined>;

/** The part that all adapters share: reads the key, makes the fingerprint, calls `claimAndRun`, and answers every error. */
export function protect<S extends AnyStore>(settings: Settings<S>): Protect<ContextOf<S>> {
  const refusal = (code: ProblemCode, detail: string, retryAfter?: number): Reply => ({
    response: problem(code, detail, { retryAfter, documentation: settings.documentation }),
    kind: 'refusal',
  });

  return async (incoming, handle) => {
    const { method, path } = incoming;
    if (!settings.methods.has(method)) return undefined;

    const header = parseKey(incoming.header(settings.header));
    if (header.kind === 'missing' && !settings.required) return undefined;
    if (header.kind === 'missing') return refusal('key_missing', `The header ${settings.header} is required`);
    if (header.kind === 'malformed')
      return refusal('key_malformed', `The header ${settings.header} ${header.why}`);

    const id = scopedKey(checkScope(await incoming.scope()), header.key);
    const body = await incoming.body(settings.requestLimit);
    if (body === undefined)
      return refusal('body_too_large', `The body is larger than ${settings.requestLimit} bytes`);
    const contentType = incoming.header('content-type');
    const fingerprint = fingerprintOf(method, path, body, settings.fingerprint, contentType);

    let started = false;
    let failure: { error: unknown } | undefined;
    const effect = async (context: ContextOf<S>): Promise<EffectResult<Response>> => {
      started = true;
      try {
        return await effectResult(await handle(context), settings);
      } catch (error) {
        failure = { error };
        throw error;
      }
    };

    const leave = enter(incoming.request, id);
    try {
      const outcome = await claimAndRun(settings.store, id, { ...settings, fingerprint }, effect);
      return outcome.replayed
        ? { response: decodeResponse(outcome.result), kind: 'replay' }
        : { response: outcome.value, kind: 'own' };
    } catch (error) {
      if (failure?.error === error) throw error; // the handler's own error, which its framework answers
      if (error instanceof InProgressError)
        return refusal('in_progress', 'The first request with this key is still running', error.retryAfter);
      if (error instanceof KeyReusedError)
        return refusal('key_reused', 'This key was used with another request');
      if (error instanceof ResultNotKeptError)
        return refusal(
          'response_not_kept',
          'The request was carried out, once; its response was too large to keep',
        );

      settings.onError(error);
      // The effect is done, or was rolled back as intended. This response is the only one there will be.
      if (error instanceof NotRecordedError) return { response: error.value as Response, kind: 'own' };
      // Another owner has the key, so its response counts.
      if (error instanceof LeaseLostError) return refusal('in_progress', 'Another request took over', 1_000);
      if (error instanceof TransactionAbortedError)
        return refusal('transaction_aborted', 'The request failed in the database, and nothing was changed');
      if (!started && settings.whenStoreDown === 'run') return undefined;
      return refusal('store_unavailable', 'The keys cannot be reached; ask again with the same key', 1_000);
    } finally {
      leave();
    }
  };
}

/**
 * Reads the response and encodes what is stored. The body is read first, because a response that is sent before it is stored
 * could be made a second time.
 */
async function effectResult<S extends AnyStore>(
  { response, before, threw = false }: Handled,
  settings: Settings<S>,
): Promise<EffectResult<Response>> {
  // An error page may have the status of a success. It is not kept.
  const isSuccess = response.status < 400;
  // `Response.error()`, which no record can hold.
  if (response.status === 0) return { value: response, keep: 'release' };
  if ((threw && isSuccess) || !(await settings.keep(response))) return { value: response, keep: 'release' };
  const rollBack = threw || !(await settings.commit(response));
  // It would be sent and stored as an empty one.
  if (response.bodyUsed)
    throw new TypeError(
      'The body of the response was read before; keep and commit may read that of response.clone()',
    );
  const body = await readUpTo(response.body, settings.responseLimit);
  if (!body.whole) return { value: new Response(body.stream, response), keep: 'tombstone', rollBack };
  return {
    value: response.body === null ? response : new Response(body.bytes, response),
    keep: encodeResponse(response, body.bytes, settings.dropHeaders, before),
    rollBack,
  };
}
