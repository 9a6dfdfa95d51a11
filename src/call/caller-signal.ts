import { isOpen } from '../platform/streams.ts';

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

  get aborted(): boolean {
    return this.signal.aborted;
  }

  /** Aborts with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#link.controller.signal;
  }

  /** The call threw: it needs the signal no more. */
  release(): void {
    this.#hub.leave(this.#link);
  }

  /**
   * The response was handed over. The signal still counts until its body is read: the body and not the response,
   * because who reads the one may have let go of the other.
   */
  handOver({ body }: Response): void {
    if (body === null) {
      this.release();
    } else {
      this.#link.body = new WeakRef(body);
      dropped.register(body, this.#link);
    }
  }
}

interface Link {
  /** By way of the hub, this keeps the signal itself for as long as there is a body that it could abort. */
  readonly hub: Hub;
  readonly controller: AbortController;
  body: WeakRef<ReadableStream> | undefined;
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

function isOver({ body }: Link): boolean {
  if (body === undefined) return false;
  const stream = body.deref();
  return stream === undefined || !isOpen(stream);
}

/** All the calls under way on one signal, behind a single listener. */
class Hub {
  readonly #source: AbortSignal;
  readonly #links = new Set<Link>();

  constructor(source: AbortSignal) {
    this.#source = source;
  }

  join(): Link {
    this.#sweep();
    const link: Link = { hub: this, controller: new AbortController(), body: undefined };
    if (this.#source.aborted) {
      link.controller.abort(this.#source.reason);
      return link;
    }
    this.#links.add(link);
    // Adding the same listener twice is adding it once.
    this.#source.addEventListener('abort', this.#onAbort, { once: true });
    return link;
  }

  leave(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.#source.removeEventListener('abort', this.#onAbort);
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
    for (const link of links) link.controller.abort(this.#source.reason);
  };
}
