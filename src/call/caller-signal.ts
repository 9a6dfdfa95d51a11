import { isReadable } from 'node:stream';

/**
 * The caller's AbortSignal, made safe to use for ten thousand calls.
 *
 * `fetch` leaves a listener on the signal until the garbage collector has had the response. So each call gets a
 * controller of its own, and one listener on the caller's signal serves all calls that are under way.
 */
export class CallerSignal {
  readonly #link: Link;
  readonly #hub: Hub;

  constructor(source: AbortSignal) {
    this.#hub = hubFor(source);
    this.#link = this.#hub.join();
  }

  /** Aborts with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#link.controller.signal;
  }

  /** The call threw: it needs the signal no more. */
  release(): void {
    this.#hub.leave(this.#link);
  }

  /** The response was handed over. The signal still counts until its body is read. */
  handOver(response: Response): void {
    if (response.body === null) {
      this.release();
    } else {
      this.#link.response = new WeakRef(response);
      dropped.register(response, this.#link);
    }
  }
}

interface Link {
  readonly hub: Hub;
  readonly controller: AbortController;
  response: WeakRef<Response> | undefined;
}

const dropped = new FinalizationRegistry<Link>((link) => link.hub.leave(link));
const hubs = new WeakMap<AbortSignal, Hub>();

function hubFor(source: AbortSignal): Hub {
  let hub = hubs.get(source);
  if (hub === undefined) {
    hub = new Hub(source);
    hubs.set(source, hub);
  }
  return hub;
}

/** How many links are looked at, in turn, whenever one is added. */
const SWEEP = 4;

function isOver({ response }: Link): boolean {
  if (response === undefined) return false;
  const alive = response.deref();
  return (
    alive === undefined || (alive.bodyUsed && !isReadable(alive.body as unknown as NodeJS.ReadableStream))
  );
}

/** All the calls under way on one signal, behind a single listener. */
class Hub {
  readonly #source: WeakRef<AbortSignal>;
  readonly #links = new Set<Link>();

  constructor(source: AbortSignal) {
    this.#source = new WeakRef(source);
  }

  join(): Link {
    this.#sweep();
    const link: Link = { hub: this, controller: new AbortController(), response: undefined };
    this.#links.add(link);
    // Adding the same listener twice is adding it once.
    this.#source.deref()?.addEventListener('abort', this.#onAbort, { once: true });
    return link;
  }

  leave(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#source.deref()?.removeEventListener('abort', this.#onAbort);
  }

  /** Takes out links whose body has been read to its end: nothing tells us when that happens. */
  #sweep(): void {
    let looked = 0;
    for (const link of this.#links) {
      if (looked++ === SWEEP) return;
      this.#links.delete(link);
      if (!isOver(link)) this.#links.add(link);
    }
  }

  readonly #onAbort = (): void => {
    const links = [...this.#links];
    this.#links.clear();
    const reason = this.#source.deref()?.reason;
    for (const link of links) link.controller.abort(reason);
  };
}
