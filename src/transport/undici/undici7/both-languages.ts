import { Dispatcher } from 'undici';
import type { Abort, Controller, HeaderRecord, LegacyHandler, ModernHandler } from '../handlers.ts';

/**
 * The handler, in a language that the dispatcher knows. Our own copy's understands the older one, and is fastest with
 * that. Any other may be undici 8's, which refuses the older one, or the one inside Node 20, which knows no other.
 */
export function spokenBy(dispatcher: object, handler: LegacyHandler): LegacyHandler {
  return dispatcher instanceof Dispatcher ? handler : new BothLanguages(handler);
}

/** A handler of undici 6 that is one of undici 8 too. Whoever knows both speaks the newer one. */
class BothLanguages implements Required<LegacyHandler>, Required<ModernHandler> {
  readonly #handler: LegacyHandler;

  constructor(handler: LegacyHandler) {
    this.#handler = handler;
  }

  onConnect(abort: Abort, context: unknown): void {
    this.#handler.onConnect?.(abort, context);
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void, text: string): unknown {
    return this.#handler.onHeaders?.(status, headers, resume, text);
  }

  onData(chunk: Buffer): unknown {
    return this.#handler.onData?.(chunk);
  }

  onComplete(trailers: unknown): void {
    this.#handler.onComplete?.(trailers);
  }

  onError(error: Error): void {
    this.#handler.onError?.(error);
  }

  onResponseStarted(): void {
    this.#handler.onResponseStarted?.();
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onConnect?.((reason) => controller.abort(reason), context);
  }

  onResponseStart(controller: Controller, status: number, headers: HeaderRecord, text = ''): void {
    const resume = () => controller.resume();
    if (this.#handler.onHeaders?.(status, rawHeaders(headers), resume, text) === false) controller.pause();
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) controller.pause();
  }

  onResponseEnd(_controller: Controller, trailers: HeaderRecord): void {
    this.#handler.onComplete?.(rawHeaders(trailers));
  }

  onResponseError(_controller: Controller | null, error: Error): void {
    this.#handler.onError?.(error);
  }
}

/** Names and values in turn. */
function rawHeaders(headers: HeaderRecord): Buffer[] {
  return Object.entries(headers).flatMap(([name, value = []]) =>
    [value].flat().flatMap((one) => [Buffer.from(name, 'latin1'), Buffer.from(one, 'latin1')]),
  );
}
