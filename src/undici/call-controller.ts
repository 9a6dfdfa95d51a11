import type { Controller } from '../transport/undici/handlers.ts';
import { RequestAbortedError } from '../transport/undici/package.ts';

/** What the handler of a call steers with, whichever attempt is under way. */
export class CallController implements Controller {
  paused = false;
  aborted = false;
  reason: Error | null = null;
  readonly #call: { abandon(reason: Error): void };
  #current: Controller | undefined;

  constructor(call: { abandon(reason: Error): void }) {
    this.#call = call;
  }

  get rawHeaders(): unknown {
    return this.#current?.rawHeaders ?? null;
  }

  get rawTrailers(): unknown {
    return this.#current?.rawTrailers ?? null;
  }

  /** From now on it steers this one. */
  steer(controller: Controller): void {
    this.#current = controller;
    if (this.paused) controller.pause();
  }

  pause(): void {
    this.paused = true;
    this.#current?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#current?.resume();
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.aborted = true;
    // An EventEmitter that is a signal has no reason. undici gives its own.
    this.reason = reason ?? new RequestAbortedError();
    if (this.#current === undefined) this.#call.abandon(this.reason);
    else this.#current.abort(this.reason);
  }
}
