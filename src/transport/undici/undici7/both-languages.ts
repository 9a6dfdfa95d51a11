import type { Controller, Listener, RawHeaders } from '../handlers.ts';
import { FromLegacy } from './from-legacy.ts';

/** By a name that every copy of this package knows: a client of one may send through an interceptor of another. */
const BOTH = Symbol.for('steadfetch: handler in both languages');

/** Whether the handler is one of this class. */
export function speaksBoth(handler: object): boolean {
  return BOTH in handler;
}

/**
 * A handler in both languages, for a dispatcher of another copy of undici: it may be undici 8's, which refuses the older
 * language, or the one inside Node 20, which knows no other. A dispatcher that knows both speaks the newer one.
 */
export class BothLanguages extends FromLegacy implements Required<Listener> {
  readonly [BOTH] = true;

  onRequestStart(controller: Controller, context: unknown): void {
    this.listener.onRequestStart?.(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: RawHeaders, text?: string): void {
    this.listener.onResponseStart?.(controller, status, headers, text);
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.listener.onResponseData?.(controller, chunk);
  }

  onResponseEnd(controller: Controller, trailers: RawHeaders): void {
    this.listener.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Controller | null, error: Error): void {
    this.listener.onResponseError?.(controller, error);
  }
}
