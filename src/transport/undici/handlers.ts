import type { LegacyHandler } from './undici7/legacy-handler.ts';

/** How a request is steered. */
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

/** Response headers, by lower-case names. */
export type HeaderRecord = Record<string, string | string[] | undefined>;

/** Response headers as they came: undici 7's handlers get names and values in turn, and that costs least. */
export type RawHeaders = HeaderRecord | readonly Buffer[];

/**
 * What happens to one request: undici 8's handler language, which is also that of undici 7's interceptors.
 *
 * @template Headers how response headers and trailers are written
 */
export interface Handler<Headers = HeaderRecord> {
  onRequestStart?(controller: Controller, context: unknown): void;
  /** undici calls it, though its types do not say so: for each piece of the request's body that was written. */
  onBodySent?(chunk: Uint8Array): void;
  /** The request was written as a whole. */
  onRequestSent?(): void;
  onResponseStarted?(): void;
  /** Of an interim response (1xx), too. */
  onResponseStart?(controller: Controller, status: number, headers: Headers, text?: string): void;
  onResponseData?(controller: Controller, chunk: Buffer): void;
  onResponseEnd?(controller: Controller, trailers: Headers): void;
  /** The controller is null if the request never started. */
  onResponseError?(controller: Controller | null, error: Error): void;
}

/** A handler of undici's, in either language. */
export type AnyHandler = Handler | LegacyHandler;

/** This package's handler takes headers as they come. */
export type Listener = Handler<RawHeaders>;
