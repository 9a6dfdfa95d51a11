import { Hop } from './hop.ts';
import type { UndiciExchange } from './undici.ts';

/** undici 7's `fetch` still speaks the handler language of undici 6; `MockAgent` there understands no other. */
export interface LegacyHandler {
  onConnect(abort: (reason?: Error) => void, context: unknown): void;
  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(trailers: unknown): void;
  onError(error: Error): void;
  onUpgrade(...args: readonly unknown[]): unknown;
  onRequestUpgrade?(...args: readonly unknown[]): unknown;
  onResponseStarted?(): void;
  onBodySent?(...args: readonly unknown[]): void;
}

/** undici 8's. */
export interface ModernHandler {
  onRequestStart(controller: Controller, context: unknown): void;
  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text: string): void;
  onResponseData(controller: Controller, chunk: Buffer): void;
  onResponseEnd(controller: Controller, trailers: unknown): void;
  /** The controller is null if the request never started. */
  onResponseError(controller: Controller | null, error: Error): void;
  onRequestUpgrade?(...args: readonly unknown[]): unknown;
  onResponseStarted?(): void;
  onBodySent?(...args: readonly unknown[]): void;
  onRequestSent?(): void;
}

interface Controller {
  readonly paused: boolean;
  abort(reason: Error): void;
  resume(): void;
}

type HeaderRecord = Record<string, string | string[] | undefined>;

export type Handler = LegacyHandler | ModernHandler;

/** The hop that speaks the language of `fetch`'s handler. */
export function hopFor(handler: Handler, exchange: UndiciExchange): Hop {
  return 'onRequestStart' in handler ? new ModernHop(handler, exchange) : new LegacyHop(handler, exchange);
}

class LegacyHop extends Hop {
  paused = false;
  readonly #handler: LegacyHandler;
  #head: Parameters<LegacyHandler['onHeaders']> | undefined;
  #trailers: unknown;

  constructor(handler: LegacyHandler, exchange: UndiciExchange) {
    super(exchange);
    this.#handler = handler;
  }

  onConnect(abort: (reason?: Error) => void, context: unknown): void {
    this.started(abort);
    this.#handler.onConnect(abort, context);
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    // fetch has no use for 1xx.
    if (status < 200) return true;
    const resumed = () => {
      this.paused = false;
      resume();
    };
    this.#head = [status, headers, resumed, text];
    return this.head(status);
  }

  onData(chunk: Buffer): boolean {
    return this.data(chunk);
  }

  onComplete(trailers: unknown): void {
    this.#trailers = trailers;
    this.end();
  }

  onError(error: Error): void {
    this.error(error);
  }

  onUpgrade(...args: readonly unknown[]): unknown {
    return this.#handler.onUpgrade(...args);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onBodySent(...args: readonly unknown[]): void {
    this.#handler.onBodySent?.(...args);
  }

  protected override passHead(): boolean {
    return this.#head === undefined || this.#handler.onHeaders(...this.#head);
  }

  protected override passData(chunk: Buffer): boolean {
    const reading = this.#handler.onData(chunk);
    this.paused = !reading;
    return reading;
  }

  protected override passEnd(): void {
    this.#handler.onComplete(this.#trailers);
  }

  protected override passError(error: Error): void {
    this.#handler.onError(error);
  }

  protected override encoding(): string {
    const headers = this.#head?.[1] ?? [];
    for (let i = 0; i < headers.length; i += 2) {
      if (String(headers[i]).toLowerCase() === 'content-encoding') return String(headers[i + 1]);
    }
    return '';
  }
}

class ModernHop extends Hop {
  get paused(): boolean {
    return this.#controller?.paused ?? false;
  }

  readonly #handler: ModernHandler;
  #head: Parameters<ModernHandler['onResponseStart']> | undefined;
  #controller: Controller | undefined;
  #trailers: unknown;

  constructor(handler: ModernHandler, exchange: UndiciExchange) {
    super(exchange);
    this.#handler = handler;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    this.started((reason) => controller.abort(reason));
    this.#handler.onRequestStart(controller, context);
  }

  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text: string): void {
    if (status < 200) return;
    this.#head = [controller, status, headers, text];
    this.head(status);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.data(chunk);
  }

  onResponseEnd(_controller: Controller, trailers: unknown): void {
    this.#trailers = trailers;
    this.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.error(error);
  }

  onRequestUpgrade(...args: readonly unknown[]): unknown {
    return this.#handler.onRequestUpgrade?.(...args);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onBodySent(...args: readonly unknown[]): void {
    this.#handler.onBodySent?.(...args);
  }

  onRequestSent(): void {
    this.#handler.onRequestSent?.();
  }

  protected override passHead(): boolean {
    if (this.#head !== undefined) this.#handler.onResponseStart(...this.#head);
    return !this.paused;
  }

  protected override passData(chunk: Buffer): boolean {
    if (this.#controller !== undefined) this.#handler.onResponseData(this.#controller, chunk);
    return !this.paused;
  }

  protected override passEnd(): void {
    if (this.#controller !== undefined) this.#handler.onResponseEnd(this.#controller, this.#trailers);
  }

  protected override passError(error: Error): void {
    this.#handler.onResponseError(this.#controller ?? null, error);
  }

  protected override encoding(): string {
    return String(this.#head?.[2]['content-encoding'] ?? '');
  }
}
