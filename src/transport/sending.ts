import type { DispatcherLike, FetchInit, FetchLike } from '../model/options.ts';
import { behindOf } from './clients.ts';
import type { Transport } from './exchange.ts';
import { isInside, isSentBy, watched } from './inner-call.ts';
import { fetchTransport } from './other-fetch.ts';

/** What a runtime sends with. */
export interface RuntimeFetch {
  /** Without any policy. */
  readonly fetch: FetchLike;
  /** Whether that is what the global one was before it was replaced. */
  isOriginal(fetch: FetchLike): boolean;
  /** Whether it takes this Request for one: a `fetch` knows its own copy's only. */
  knows(request: Request): boolean;
  /** A better way to send than with a `fetch`. */
  transport?(dispatcher: DispatcherLike | undefined): Transport;
}

/**
 * How a client sends: with the user's `fetch`, with whatever replaced the global one (a mock, a stub, an instrumentation:
 * they mean us, too), or with the runtime's.
 */
export class Sending {
  /** What is there if the global `fetch` is a client, or leads back to this one: a mock that was there first, or the runtime's. */
  readonly behind: FetchLike;
  readonly #runtime: RuntimeFetch;

  constructor(runtime: RuntimeFetch) {
    this.#runtime = runtime;
    const found = globalThis.fetch;
    this.behind = behindOf(found) ?? (runtime.isOriginal(found) ? runtime.fetch : found);
  }

  /** The `fetch` to send with. */
  choose(given: FetchLike | undefined): FetchLike {
    if (given !== undefined) return given;
    const found = globalThis.fetch;
    if (this.#runtime.isOriginal(found)) return this.#runtime.fetch;
    if (isInside()) return this.behind;
    return behindOf(found) === undefined ? found : this.behind;
  }

  /**
   * The `fetch` for a request that another client is sending through this one: the given one is meant here, too, unless it leads back
   * to this client.
   */
  within(given: FetchLike | undefined): FetchLike {
    return given === undefined || isSentBy(this) ? this.behind : watched(given, this);
  }

  /** The transport for one call. */
  transportFor(given: FetchLike | undefined, dispatcher: DispatcherLike | undefined): Transport {
    const fetch = this.choose(given);
    const { transport } = this.#runtime;
    if (fetch === this.#runtime.fetch && transport !== undefined) return transport(dispatcher);
    const inside = watched(fetch, this);
    // Whether a dispatcher means anything to another fetch is not for us to say; Node's own does take it.
    return fetchTransport(
      dispatcher ? (input, init) => inside(input, { ...init, dispatcher } as FetchInit) : inside,
    );
  }

  knows(fetch: FetchLike, request: Request): boolean {
    return fetch === this.#runtime.fetch && this.#runtime.knows(request);
  }
}
