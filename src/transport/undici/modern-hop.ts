import type { Controller, HeaderRecord, ModernHandler, Wheel } from './handlers.ts';
import { Hop, type HopOwner } from './hop.ts';

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
