import type { FetchLike } from '../policy/options.ts';
import { codeOf } from '../verdict/cause.ts';
import { AttemptClock } from './clock.ts';
import type { Exchange, Order, Transport } from './exchange.ts';
import { readAhead } from './read-ahead.ts';

/**
 * Sends with any other `fetch`: one that the user gave, or a mock that replaced the global one. Nothing can be seen
 * from outside, so whatever fails may have been sent; the clocks can only stop it through an AbortSignal, and the
 * idle clock runs only while we read the body ourselves (`buffer`).
 */
export function fetchTransport(fetch: FetchLike): Transport {
  return (order) => new FetchExchange(order, fetch);
}

/** A response that nobody holds any more needs no deadline. */
const dropped = new FinalizationRegistry<AttemptClock>((clock) => clock.stop());

class FetchExchange implements Exchange {
  readonly response: Promise<Response>;
  readonly sent = true;
  status: number | undefined;
  failure: unknown;
  readonly #order: Order;
  readonly #stop = new AbortController();
  readonly #clock: AttemptClock | undefined;
  #reject: (error: Error) => void = () => {};
  #handedOver = false;

  constructor(order: Order, fetch: FetchLike) {
    this.#order = order;
    const { limits, buffer, runtime } = order;
    this.#clock =
      limits &&
      new AttemptClock(
        buffer > 0 ? limits : { ...limits, idle: Number.POSITIVE_INFINITY },
        runtime,
        (error) => this.#expire(error),
        () => false,
      );
    this.response = new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#send(fetch).then(resolve, reject);
    });
  }

  async #send(fetch: FetchLike): Promise<Response> {
    const { url, init, buffer } = this.#order;
    const { signal } = this.#stop;
    try {
      const both = init.signal ? AbortSignal.any([init.signal, signal]) : signal;
      let response = await fetch(url, { ...init, signal: both });
      this.status = response.status;
      this.#clock?.answered();
      if (buffer > 0) response = await readAhead(response, buffer, () => this.#clock?.chunk());
      if (response.body === null || buffer > 0) this.#clock?.stop();
      else if (this.#clock) dropped.register(response, this.#clock);
      this.#handedOver = true;
      return response;
    } catch (error) {
      this.#clock?.stop();
      if (!init.signal?.aborted && isNetworkFailure(error, this.#order)) this.failure = error;
      throw error;
    }
  }

  #expire(error: Error): void {
    this.#stop.abort(error);
    this.#reject(error);
    if (this.#handedOver) this.#order.bodyFailed(error);
  }
}

/**
 * A `fetch` says "network error" with a TypeError, and a mistake of the caller's with a TypeError too. A code in the
 * chain of causes settles it; without one it was the network unless the request itself cannot be built.
 */
function isNetworkFailure(error: unknown, { url, init }: Order): boolean {
  if (codeOf(error) !== undefined) return true;
  if (!(error instanceof Error) || error.name !== 'TypeError') return false;
  try {
    const { body: _body, signal: _signal, ...rest } = init;
    new Request(url, rest);
    return true;
  } catch {
    return false;
  }
}
