import { Dispatcher, errors } from 'undici';
import type { FetchLike } from '../model/options.ts';
import { urlOf } from './strategy.ts';
import type { World } from './world.ts';

/** A modelled service behind undici's dispatcher interface, with undici's headers timeout. */
export class ServiceDispatcher extends Dispatcher {
  readonly #fetch: FetchLike;
  readonly #world: World;

  constructor(fetch: FetchLike, world: World) {
    super();
    this.#fetch = fetch;
    this.#world = world;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    let over = false;
    const fail = (error: Error) => {
      if (over) return;
      over = true;
      handler.onResponseError?.(controller, error);
    };
    const controller: Dispatcher.DispatchController = {
      aborted: false,
      paused: false,
      reason: null,
      rawHeaders: null,
      rawTrailers: null,
      abort: fail,
      pause() {},
      resume() {},
    };
    handler.onRequestStart?.(controller, {});
    if (options.headersTimeout) {
      this.#world.after(options.headersTimeout, () => fail(new errors.HeadersTimeoutError()));
    }
    this.#fetch(urlOf(options.path.slice(1)))
      .then(({ status }) => {
        if (over) return;
        // A handler refuses a response by throwing.
        handler.onResponseStart?.(controller, status, {}, '');
        handler.onResponseEnd?.(controller, {});
        over = true;
      })
      .catch(fail);
    return true;
  }
}
