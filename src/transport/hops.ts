import { type Abort, Hop, type HopOwner } from './hop.ts';

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

/** For handlers of undici 6. */
export class LegacyHop extends Hop {
  protected handlerPaused = false;
  protected abandoned = false;
  readonly #handler: LegacyHandler;
  /** Until it is passed on. */
  #head: Parameters<NonNullable<LegacyHandler['onHeaders']>> | undefined;
  #resume: (() => void) | undefined;
  #trailers: unknown;

  constructor(handler: LegacyHandler, owner: HopOwner, method: string) {
    super(owner, method);
    this.#handler = handler;
  }

  onConnect(abort: Abort, context: unknown): void {
    this.started(abort);
    if (this.owner.gated) return;
    // `fetch` keeps it with the response, and undici's own keeps the request.
    const abandon: Abort = (reason) => {
      this.abandoned = true;
      this.abort(reason);
    };
    this.#handler.onConnect?.(abandon, context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): boolean {
    if (status < 200) {
      // fetch has no use for 1xx.
      if (this.owner.gated) this.#handler.onHeaders?.(status, headers, resume, text);
      return true;
    }
    this.#resume = () => {
      this.handlerPaused = false;
      resume();
    };
    this.#head = [status, headers, this.#resume, text];
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

  headers(): Headers {
    const raw = this.#head?.[1] ?? [];
    const headers = new Headers();
    for (let i = 0; i + 1 < raw.length; i += 2) headers.append(latin1(raw[i]), latin1(raw[i + 1]));
    return headers;
  }

  protected override passHead(): void {
    if (this.#head === undefined) return;
    const [status, headers, resume, text] = this.#head;
    this.#head = undefined;
    this.handlerPaused = this.#handler.onHeaders?.(status, headers, resume, text) === false;
  }

  protected override passData(chunk: Buffer): void {
    this.handlerPaused = this.#handler.onData?.(chunk) === false;
  }

  protected override passEnd(): void {
    this.#handler.onComplete?.(this.#trailers);
  }

  protected override passError(error: Error): void {
    this.#handler.onError?.(error);
  }

  /** The parser is told by what `onData` returns. */
  protected override stop(): void {}

  protected override proceed(): void {
    this.#resume?.();
  }

  protected override header(name: string): string {
    const headers = this.#head?.[1] ?? [];
    for (let i = 0; i < headers.length; i += 2) {
      if (String(headers[i]).toLowerCase() === name) return String(headers[i + 1]);
    }
    return '';
  }
}

/** For handlers of undici 8. */
export class ModernHop extends Hop {
  readonly #handler: ModernHandler;
  readonly #wheel: Wheel | undefined;
  #controller: Controller | undefined;
  /** Until it is passed on. */
  #head: [status: number, headers: HeaderRecord, text: string | undefined] | undefined;
  #trailers: HeaderRecord = {};

  /** @param wheel what the handler steers with, if not with this hop's own controller */
  constructor(handler: ModernHandler, owner: HopOwner, method: string, wheel?: Wheel) {
    super(owner, method);
    this.#handler = handler;
    this.#wheel = wheel;
  }

  headers(): Headers {
    const headers = new Headers();
    for (const [name, value = []] of Object.entries(this.#head?.[1] ?? {})) {
      for (const one of [value].flat()) headers.append(name, one);
    }
    return headers;
  }

  protected get handlerPaused(): boolean {
    return (this.#wheel ?? this.#controller)?.paused ?? false;
  }

  protected get abandoned(): boolean {
    return this.#controller?.aborted ?? false;
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller;
    this.started((reason) => controller.abort(reason));
    if (!this.owner.gated) this.#handler.onRequestStart?.(controller, context);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text?: string): void {
    if (status < 200) {
      // fetch has no use for 1xx.
      if (this.owner.gated) this.#handler.onResponseStart?.(this.#wheel ?? controller, status, headers, text);
      return;
    }
    this.#head = [status, headers, text];
    this.head(status);
  }

  onResponseData(_controller: Controller, chunk: Buffer): void {
    this.data(chunk);
  }

  onResponseEnd(_controller: Controller, trailers: HeaderRecord): void {
    this.#trailers = trailers;
    this.end();
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.error(error);
  }

  protected override passHead(): void {
    if (this.#controller === undefined || this.#head === undefined) return;
    const [status, headers, text] = this.#head;
    this.#head = undefined;
    this.#wheel?.turn(this.#controller);
    this.#handler.onResponseStart?.(this.#wheel ?? this.#controller, status, headers, text);
  }

  protected override passData(chunk: Buffer): void {
    const controller = this.#wheel ?? this.#controller;
    if (controller !== undefined) this.#handler.onResponseData?.(controller, chunk);
  }

  protected override passEnd(): void {
    const controller = this.#wheel ?? this.#controller;
    if (controller !== undefined) this.#handler.onResponseEnd?.(controller, this.#trailers);
  }

  protected override passError(error: Error): void {
    this.#handler.onResponseError?.(this.#wheel ?? this.#controller ?? null, error);
  }

  protected override stop(): void {
    this.#controller?.pause();
  }

  protected override proceed(): void {
    this.#controller?.resume();
  }

  protected override header(name: string): string {
    return String(this.#head?.[1][name] ?? '');
  }
}

function latin1(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}
