/** Ends a request that is on the wire, or its response. */
export type Abort = (reason: Error) => void;

/** undici 7's own handlers still speak the language of undici 6; `MockAgent` there understands no other. */
export interface LegacyHandler {
  onConnect?(abort: Abort, context: unknown): void;
  onHeaders?(status: number, headers: Buffer[], resume: () => void, text: string): unknown;
  onData?(chunk: Buffer): unknown;
  onComplete?(trailers: unknown): void;
  onError?(error: Error): void;
  onResponseStarted?(): void;
}

/** undici 8's, and that of undici 7's interceptors. */
export interface ModernHandler {
  onRequestStart?(controller: Controller, context: unknown): void;
  onResponseStart?(controller: Controller, status: number, headers: HeaderRecord, text?: string): void;
  onResponseData?(controller: Controller, chunk: Buffer): void;
  onResponseEnd?(controller: Controller, trailers: HeaderRecord): void;
  /** The controller is null if the request never started. */
  onResponseError?(controller: Controller | null, error: Error): void;
  onResponseStarted?(): void;
}

/** How a modern handler steers its request. */
export interface Controller {
  readonly paused: boolean;
  readonly aborted: boolean;
  readonly reason: Error | null;
  readonly rawHeaders?: unknown;
  readonly rawTrailers?: unknown;
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** A controller that stays the same from one hop to the next. */
export interface Wheel extends Controller {
  /** From now on it steers this one. */
  turn(controller: Controller): void;
}

/** Response headers, by lower-case names. */
export type HeaderRecord = Record<string, string | string[] | undefined>;

export type Handler = LegacyHandler | ModernHandler;

/** Whether a handler knows the older language, which costs less: undici 7 translates the other one back and forth. */
export function isLegacy(handler: Handler): handler is LegacyHandler {
  return 'onConnect' in handler;
}
