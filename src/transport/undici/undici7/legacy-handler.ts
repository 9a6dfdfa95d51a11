// undici 7's own handlers still speak the language of undici 6. Once undici 8 is the oldest that is supported, this
// folder goes, and with it `Buffer[]` among the `RawHeaders`.

/** Ends a request that is on the wire, or its response. */
export type Abort = (reason: Error) => void;

export interface LegacyHandler {
  onConnect?(abort: Abort, context: unknown): void;
  onHeaders?(status: number, headers: Buffer[], resume: () => void, text: string): unknown;
  onData?(chunk: Buffer): unknown;
  onComplete?(trailers: unknown): void;
  onError?(error: Error): void;
  onBodySent?(chunk: Uint8Array): void;
  onRequestSent?(): void;
  onResponseStarted?(): void;
}

/** Whether a handler knows the older language, which costs less: undici 7 translates the other one back and forth. */
export function isLegacy(handler: object): handler is LegacyHandler {
  return 'onConnect' in handler;
}
