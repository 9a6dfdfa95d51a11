import { assertUnused } from '../body/unused.ts';
import { isEventStream } from '../http/event-stream.ts';
import { causes, codeOf, isError } from '../model/cause.ts';
import type { FetchLike } from '../model/options.ts';
import { BodyProgress } from './body-progress.ts';
import { AttemptClock, type Timed } from './clock.ts';
import { discard } from './discard.ts';
import { assertAnswer, bodyOf, headerOf, webBodyOf } from './double.ts';
import type { AttemptRequest, Exchange, Fault, Transport } from './exchange.ts';
import { readAhead } from './read-ahead.ts';
import { watchBody } from './watch-body.ts';

/**
 * Sends with any other `fetch`: one that the user gave, or a mock that replaced the global one. Nothing can be seen
 * from outside, so whatever fails may have been sent; the clocks can only stop it through an AbortSignal, and the
 * idle timeout runs only while we read the body ourselves (`buffer`).
 */
export function fetchTransport(fetch: FetchLike): Transport {
  return () => new FetchExchange(fetch);
}

/** Nothing tells when a body has been read. A body without a holder needs no deadline, though. */
const dropped = new FinalizationRegistry<AttemptClock>((clock) => clock.stop());

class FetchExchange implements Exchange, Timed {
  /** The body can't be seen. */
  readonly paused = false;
  sent = false;
  status: number | undefined;
  fault: Fault | undefined;
  readonly #fetch: FetchLike;
  readonly #stop = new AbortController();
  readonly #body = new BodyProgress();
  #bodyIsThere = false;
  #clock: AttemptClock | undefined;
  #record: AttemptRequest['record'] | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(fetch: FetchLike) {
    this.#fetch = fetch;
  }

  send(request: AttemptRequest): Promise<Response> {
    const { limits, runtime, now, record } = request;
    // `fetch` is given a stream of ours in its place, and would send nothing.
    assertUnused(request.body);
    this.#clock = limits && new AttemptClock(limits, runtime, this, now);
    this.#record = record;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      this.#send(request).then(resolve, reject);
    });
  }

  header(response: Response | undefined, name: string): string | null {
    return response === undefined ? null : headerOf(response, name);
  }

  /** Nothing is seen of a body, but for one that was read ahead, or that there is none. */
  handedOver(): void {
    if (this.#bodyIsThere) this.#body.handedOver(this.#record);
  }

  cancel(): void {
    this.#stop.abort(new Error('another attempt was answered first'));
  }

  discard(response: Response): void {
    discard(response);
  }

  expired(error: Error): void {
    if (this.#reject === undefined) this.#record?.remember(error);
    this.#stop.abort(error);
  }

  async #send(request: AttemptRequest): Promise<Response> {
    const { url, init, headers, caller } = request;
    const { signal } = this.#stop;
    const body = watchBody(request.body, () => {
      this.fault = 'body';
    });
    const both = caller ? AbortSignal.any([caller.signal, signal]) : signal;
    try {
      both.throwIfAborted();
      both.addEventListener('abort', () => this.#aborted(both.reason), { once: true });
      this.sent = true;
      // Not called as a method: a browser's `fetch` wants no `this` but its own.
      const fetch = this.#fetch;
      const response: unknown = await fetch(url.href, {
        ...init,
        signal: both,
        ...(headers && { headers }),
        ...(body !== undefined && { body }),
      });
      assertAnswer(response);
      if (both.aborted) {
        webBodyOf(response)
          ?.cancel()
          .catch(() => {});
        throw both.reason;
      }
      this.status = response.status;
      await this.#watch(response, request);
      request.record.remember(response);
      return response;
    } catch (error) {
      this.#clock?.stop();
      if (this.status !== undefined || isNetworkFailure(error, request)) this.fault ??= 'network';
      throw error;
    } finally {
      // It leads to the promise, and that one to the response.
      this.#reject = undefined;
    }
  }

  /** From the headers on. */
  async #watch(response: Response, request: AttemptRequest): Promise<void> {
    const { buffer } = request;
    this.#body.begin(request.runtime.now());
    this.#clock?.answered();
    const isRead = buffer > 0 && webBodyOf(response) && !isEventStream(headerOf(response, 'content-type'));
    const whole = isRead && (await this.#readAhead(response, buffer));
    const unread = whole ? undefined : bodyOf(response);
    this.#bodyIsThere = unread === undefined;
    if (this.#bodyIsThere) this.#body.ended('ended', request.runtime.now());
    if (this.#clock === undefined) return;
    if (unread === undefined) return this.#clock.stop();
    this.#clock.released();
    this.#clock.unwatched();
    dropped.register(unread, this.#clock);
  }

  #readAhead(response: Response, buffer: number): Promise<boolean> {
    return readAhead(response, buffer, (bytes) => {
      this.#body.bytes += bytes;
      this.#clock?.chunk();
    });
  }

  /** Not every `fetch` listens to its signal. */
  #aborted(reason: unknown): void {
    this.#clock?.stop();
    this.#reject?.(reason);
  }
}

/** Errors of the language, which say that code is wrong; and what an abort is told by. */
const MISTAKES: ReadonlySet<string> = new Set([
  ...['RangeError', 'ReferenceError', 'SyntaxError', 'EvalError', 'URIError', 'AssertionError', 'AbortError'],
  // Of a DOMException: what was asked for can't be done.
  ...['DataCloneError', 'InvalidStateError', 'NotSupportedError', 'SecurityError'],
]);

/** A chain of redirects without end, or one that the caller forbade: Node's and undici's `fetch` say so in words alone. */
function isRedirectRefused(error: unknown): boolean {
  return [...causes(error)].some((cause) =>
    /^(redirect count exceeded|unexpected redirect)$/.test(String(Reflect.get(cause, 'message'))),
  );
}

/**
 * A `fetch` says "network error" with a TypeError, and a mistake of the caller's with a TypeError too. A code in the
 * chain of causes settles it, or workerd's own mark for what came from the other end; without one it was the network
 * unless the request itself cannot be built.
 */
function isNetworkFailure(error: unknown, { url, init, headers }: AttemptRequest): boolean {
  const { name, remote } = (error ?? {}) as { name?: unknown; remote?: unknown };
  if (name === 'PolicyError') return false;
  if (codeOf(error) !== undefined) return true;
  if (remote === true) return true;
  // `fetch`es of other makes, and mocks, throw plain errors, or of a class of their own.
  if (name !== 'TypeError') return isError(error) && !MISTAKES.has(String(name));
  if (isRedirectRefused(error)) return false;
  try {
    new Request(url.href, { ...init, ...(headers && { headers }) });
    return true;
  } catch {
    return false;
  }
}
