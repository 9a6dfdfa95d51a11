import type { Controller, Listener } from '../handlers.ts';
import type { Abort, LegacyHandler } from './legacy-handler.ts';

/** What a dispatcher says in the older language, told to a listener in the newer one. It is the controller, too. */
export class FromLegacy implements Required<LegacyHandler>, Controller {
  paused = false;
  reason: Error | null = null;
  rawHeaders: unknown = null;
  rawTrailers: unknown = null;
  protected readonly listener: Listener;
  #abort: Abort | undefined;
  #resume: (() => void) | undefined;

  constructor(listener: Listener) {
    this.listener = listener;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#resume?.();
  }

  abort(reason: Error): void {
    if (this.aborted) return;
    this.reason = reason;
    this.#abort?.(reason);
  }

  onConnect(abort: Abort, context: unknown): void {
    this.#abort = abort;
    this.listener.onRequestStart?.(this, context);
  }

  onBodySent(chunk: Uint8Array): void {
    this.listener.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.listener.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.listener.onResponseStarted?.();
  }

  /** The parser stops if it is told so here, and in `onData`. */
  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    this.#resume = resume;
    this.rawHeaders = headers;
    this.listener.onResponseStart?.(this, status, headers, text);
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.listener.onResponseData?.(this, chunk);
    return !this.paused;
  }

  onComplete(trailers: unknown): void {
    // undici's `abort` keeps the request, with its body.
    this.#abort = undefined;
    this.rawTrailers = trailers;
    this.listener.onResponseEnd?.(this, (trailers ?? []) as Buffer[]);
  }

  onError(error: Error): void {
    this.listener.onResponseError?.(this, error);
  }
}
