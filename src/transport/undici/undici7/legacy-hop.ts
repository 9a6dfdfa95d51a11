import type { Abort, LegacyHandler } from '../handlers.ts';
import { Hop, type HopOwner } from '../hop.ts';

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

function latin1(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1') ?? '';
}
