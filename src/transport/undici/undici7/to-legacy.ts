import type { Controller, Listener, RawHeaders } from '../handlers.ts';
import { listOf } from '../raw-headers.ts';
import type { LegacyHandler } from './legacy-handler.ts';

/** What is said in the newer language, told to a handler that knows the older one. */
export class ToLegacy implements Required<Listener> {
  readonly #handler: LegacyHandler;

  constructor(handler: LegacyHandler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onBodySent(chunk: Uint8Array): void {
    this.#handler.onBodySent?.(chunk);
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.();
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: RawHeaders, text = ''): void {
    const resume = () => controller.resume();
    if (this.#handler.onHeaders?.(status, listOf(headers), resume, text) === false && status >= 200) {
      controller.pause();
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(_controller: Controller, trailers: RawHeaders): void {
    this.#handler.onComplete?.(listOf(trailers));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.#handler.onError?.(error);
  }
}
