import type { Controller, Handler, Listener, RawHeaders } from './handlers.ts';
import { recordOf } from './raw-headers.ts';

/** What is said, told to a handler of undici 8's: it wants its headers by name. */
export class ToModern implements Required<Listener> {
  readonly #handler: Handler;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context);
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

  onResponseStart(controller: Controller, status: number, headers: RawHeaders, text?: string): void {
    this.#handler.onResponseStart?.(controller, status, recordOf(headers), text);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: RawHeaders): void {
    this.#handler.onResponseEnd?.(controller, recordOf(trailers));
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.#handler.onResponseError?.(controller, error);
  }
}
