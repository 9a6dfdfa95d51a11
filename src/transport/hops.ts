import { type Abort, Hop } from './hop.ts';
import type { UndiciExchange } from './undici.ts';

/** undici 7's `fetch` still speaks the handler language of undici 6; `MockAgent` there understands no other. */
export interface LegacyHandler {
  onConnect(abort: Abort, context: unknown): void;
  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean;
  onData(chunk: Buffer): boolean;
  onComplete(trailers: unknown): void;
  onError(error: Error): void;
  onResponseStarted?(): void;
}

/** undici 8's. */
export interface ModernHandler {
  onRequestStart(controller: Controller, context: unknown): void;
  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text: string): void;
  onResponseData(controller: Controller, chunk: Buffer): void;
  onResponseEnd(controller: Controller, trailers: unknown): void;
  /** The controller is null if the request never started. */
  onResponseError(controller: Controller | null, error: Error): void;
  onResponseStarted?(): void;
}

interface Controller {
  readonly paused: boolean;
  readonly aborted: boolean;
  abort(reason: Error): void;
}

type HeaderRecord = Record<string, string | string[] | undefined>;

export type Handler = LegacyHandler | ModernHandler;

/** The hop that speaks the language of `fetch`'s handler. */
export function hopFor(handler: Handler, exchange: UndiciExchange, method: string): Hop {
  return 'onRequestStart' in handler
    ? new ModernHop(handler, exchange, method)
    : new LegacyHop(handler, exchange, method);
}

class LegacyHop extends Hop {
  paused = false;
  protected abandoned = false;
  readonly #handler: LegacyHandler;
  #head: Parameters<LegacyHandler['onHeaders']> | undefined;
  #trailers: unknown;

  constructor(handler: LegacyHandler, exchange: UndiciExchange, method: string) {
    super(exchange, method);
    this.#handler = handler;
  }

  onConnect(abort: Abort, context: unknown): void {
    this.started(abort);
    const abandon: Abort = (reason) => {
      this.abandoned = true;
      abort(reason);
    };
    this.#handler.onConnect(abandon, context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    // fetch has no use for 1xx.
    if (status < 200) return true;
    const resumed = () => {
      this.paused = false;
      resume();
    };
    this.#head = [status, headers, resumed, text];
    this.head(status);
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.data(chunk);
    return !this.paused;
  }

  onComplete(trailers: unknown): void {
    this.#trailers = trailers;
    this.end();
  }

  onError(error: Error): void {
    this.error(error);
  }

  protected override passHead(): void {
    if (this.#head !== undefined) this.#handler.onHeaders(...this.#head);
  }

  protected override passData(chunk: Buffer): void {
    this.paused = !this.#handler.onData(chunk);
  }

  protected override passEnd(): void {
    this.#handler.onComplete(this.#trailers);
  }

  protected override passError(error: Error): void {
    this.#handler.onError(error);
  }

  protected override header(name: string): string {
    const headers = this.#head?.[1] ?? [];
    for (let i = 0; i < headers.length; i += 2) {
      if (String(headers[i]).toLowerCase() === name) return String(headers[i + 1]);
    }
    return '';
  }
}

class ModernHop extends Hop {
  readonly #handler: ModernHandler;
  #controller: Controller | undefined;
  #head: Parameters<ModernHandler['onResponseStart']> | undefined;
  #end: Parameters<ModernHandler['onResponseEnd']> | undefined;

  constructor(handler: ModernHandler, exchange: UndiciExchange, method: string) {
    super(exchange, method);
    this.#handler = handler;
  }

  get paused(): boolean {
    return this.#controller?.paused ?? false;
  }

  protected get abandoned(): boolean {
    return this.#controller?.aborted ?? false;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    this.started((reason) => controller.abort(reason));
    this.#handler.onRequestStart(controller, context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text: string): void {
    // fetch has no use for 1xx.
    if (status < 200) return;
    this.#head = [controller, status, headers, text];
    this.head(status);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.data(chunk);
  }

  onResponseEnd(controller: Controller, trailers: unknown): void {
    this.#end = [controller, trailers];
    this.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.error(error);
  }

  protected override passHead(): void {
    if (this.#head !== undefined) this.#handler.onResponseStart(...this.#head);
  }

  protected override passData(chunk: Buffer): void {
    if (this.#head !== undefined) this.#handler.onResponseData(this.#head[0], chunk);
  }

  protected override passEnd(): void {
    if (this.#end !== undefined) this.#handler.onResponseEnd(...this.#end);
  }

  protected override passError(error: Error): void {
    this.#handler.onResponseError(this.#controller ?? null, error);
  }

  protected override header(name: string): string {
    return String(this.#head?.[2][name] ?? '');
  }
}
