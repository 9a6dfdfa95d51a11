import { isOpen } from '../platform/streams.ts';
import type { AbortTarget } from '../transport/exchange.ts';

/**
 * The caller's AbortSignal, made safe to use for ten thousand calls.
 *
 * `fetch` leaves a listener on the signal until the garbage collector has had the response. So one listener on the
 * caller's signal serves all calls that are under way: whatever of them can be ended is told so, and who needs a signal
 * gets one of the call's own.
 */
export class CallerSignal {
  readonly #link: Link;
  readonly #hub: Hub;

  constructor(source: AbortSignal) {
    this.#hub = hubFor(source);
    this.#link = this.#hub.join();
  }

  get aborted(): boolean {
    return this.#link.aborted;
  }

  /** Aborts with the caller's own reason. */
  get signal(): AbortSignal {
    return this.#link.signal;
  }

  listen(target: AbortTarget): void {
    this.#link.targets = [...this.#link.targets, target];
  }

  unlisten(target: AbortTarget): void {
    this.#link.targets = this.#link.targets.filter((other) => other !== target);
  }

  keep(target: AbortTarget): void {
    this.#link.kept = new WeakRef(target);
    dropped.register(target, this.#link);
    target.whenOver?.(() => {
      // Between two attempts nothing is handed over yet: the call goes on.
      if (this.#link.isHandedOver) this.release();
    });
  }

  /** The call threw: it needs the signal no more. */
  release(): void {
    this.#hub.leave(this.#link);
  }

  /**
   * The response was handed over. The signal still counts until its body is read: the body and not the response,
   * because who reads the one may have let go of the other.
   */
  handOver(response: Response): void {
    this.#link.isHandedOver = true;
    if (this.#link.kept !== undefined) {
      if (this.#link.isOver) this.release();
      return;
    }
    // Whoever had the signal may end the body by it: it is not known what they do. Without one, nobody can.
    const body = this.#link.isHeard ? response.body : null;
    if (body === null) {
      this.release();
    } else {
      this.#link.body = new WeakRef(body);
      dropped.register(body, this.#link);
    }
  }
}

const NONE: readonly AbortTarget[] = [];

/** One call on a signal. */
class Link {
  /** By way of the hub, this keeps the signal itself for as long as there is a body that it could abort. */
  readonly hub: Hub;
  /** Not once the call is over, whatever becomes of the signal. */
  aborted: boolean;
  targets = NONE;
  kept: WeakRef<AbortTarget> | undefined;
  body: WeakRef<ReadableStream> | undefined;
  isHandedOver = false;
  #controller: AbortController | undefined;

  constructor(hub: Hub) {
    this.hub = hub;
    this.aborted = hub.source.aborted;
  }

  get isHeard(): boolean {
    return this.#controller !== undefined;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.aborted) this.#controller.abort(this.hub.source.reason);
    return this.#controller.signal;
  }

  get isOver(): boolean {
    const { kept, body } = this;
    if (kept !== undefined) return kept.deref()?.isOver !== false;
    if (body === undefined) return false;
    const stream = body.deref();
    return stream === undefined || !isOpen(stream);
  }

  abort(reason: unknown): void {
    this.aborted = true;
    for (const target of this.targets) target.aborted(reason);
    this.kept?.deref()?.aborted(reason);
    this.#controller?.abort(reason);
  }
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

/** All the calls under way on one signal, behind a single listener. */
class Hub {
  readonly source: AbortSignal;
  readonly #links = new Set<Link>();

  constructor(source: AbortSignal) {
    this.source = source;
  }

  join(): Link {
    this.#sweep();
    const link = new Link(this);
    if (link.aborted) return link;
    this.#links.add(link);
    // Adding the same listener twice is adding it once.
    this.source.addEventListener('abort', this.#onAbort, { once: true });
    return link;
  }

  leave(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.source.removeEventListener('abort', this.#onAbort);
  }

  /** Takes out links whose body has been read to its end: nothing tells us when that happens. */
  #sweep(): void {
    let looked = 0;
    for (const link of this.#links) {
      if (looked++ === SWEEP) return;
      this.#links.delete(link);
      if (!link.isOver) this.#links.add(link);
    }
  }

  readonly #onAbort = (): void => {
    const links = [...this.#links];
    this.#links.clear();
    for (const link of links) link.abort(this.source.reason);
  };
}
