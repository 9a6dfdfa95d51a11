import { isOpen } from '../platform/streams.ts';
import { bodyOf } from '../transport/double.ts';
import type { AbortTarget } from '../transport/exchange.ts';

/**
 * The caller's AbortSignal, made safe to share between ten thousand calls.
 *
 * `fetch` keeps a listener on a signal until the response is garbage-collected. So a single listener on the caller's signal
 * serves all calls under way: it tells each call's abort targets, and aborts the call's own signal where something needs one.
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

  /** The call's own signal, which aborts with the caller's reason. */
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
      // Between two attempts no response was returned yet, so the call still needs the signal.
      if (this.#link.isHandedOver) this.release();
    });
  }

  /** The call threw, so it needs the signal no more. */
  release(): void {
    this.#hub.leave(this.#link);
  }

  /**
   * The response was returned. The signal stays in use until the body is read to its end. The body counts, not the response,
   * because a reader may hold the body and let the response go.
   */
  handOver(response: Response): void {
    this.#link.isHandedOver = true;
    if (this.#link.kept !== undefined) {
      if (this.#link.isOver) this.release();
      return;
    }
    // A fetch that was given the call's signal may end the body by it. If the signal was never given away, nothing can.
    const body = this.#link.isHeard ? bodyOf(response) : undefined;
    if (body === undefined) {
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
  /** Through the hub, the link keeps the caller's signal alive for as long as there is a body to abort. */
  readonly hub: Hub;
  /** Whether the caller aborted during the call. A later abort does not change this value. */
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

/** The number of links that are checked each time one is added. */
const SWEEP = 4;

/** All calls under way on one signal, behind a single listener. */
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
    // `addEventListener` ignores a listener that is already added.
    this.source.addEventListener('abort', this.#onAbort, { once: true });
    return link;
  }

  leave(link: Link): void {
    this.#links.delete(link);
    if (this.#links.size === 0) this.source.removeEventListener('abort', this.#onAbort);
  }

  /** Removes links whose body was read to its end, because no event tells of that. */
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
