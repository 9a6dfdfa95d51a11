import type { CallUrl } from '../http/call-url.ts';
import type { CallRef } from '../model/events.ts';
import type { Delivery } from '../model/failure.ts';
import type { CallReport, Stopped } from '../model/report.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { callId } from './call-id.ts';
import { remember } from './report.ts';

const NONE: readonly AttemptRecord[] = [];

/** What is noted while a call runs. A report is only written when somebody asks for one. */
export class CallRecord {
  readonly method: string;
  readonly endpoint: string | undefined;
  readonly idempotencyKey: string | undefined;
  attempts: readonly AttemptRecord[] = NONE;
  readonly #url: CallUrl;
  readonly #startedAt: number;
  /** Monotonic. */
  readonly begun: number;
  #duration = 0;
  #stopped: Stopped = 'attempts';
  #id: string | undefined;
  #shownUrl: string | undefined;
  #report: CallReport | undefined;

  constructor(
    method: string,
    url: CallUrl,
    endpoint: string | undefined,
    idempotencyKey: string | undefined,
    runtime: Runtime,
  ) {
    this.method = method;
    this.endpoint = endpoint;
    this.idempotencyKey = idempotencyKey;
    this.#url = url;
    this.#startedAt = runtime.epoch();
    this.begun = runtime.now();
  }

  get id(): string {
    this.#id ??= callId();
    return this.#id;
  }

  /** Without credentials, query and fragment: those hold secrets. */
  get url(): string {
    this.#shownUrl ??= this.#url.origin + this.#url.pathname;
    return this.#shownUrl;
  }

  /** A moment of this call, in epoch milliseconds. */
  epochOf(moment: number): number {
    return Math.round(this.#startedAt + moment - this.begun);
  }

  get ref(): CallRef {
    return { id: this.id, method: this.method, url: this.url, endpoint: this.endpoint };
  }

  /** So far. */
  get delivery(): Delivery {
    if (this.attempts.at(-1)?.delivery === 'answered') return 'answered';
    return this.attempts.some(({ delivery }) => delivery !== 'not-sent') ? 'unknown' : 'not-sent';
  }

  /** An attempt is over. */
  add(attempt: AttemptRecord): void {
    // Not pushed: an array that grows makes room for many, and whoever keeps the response keeps it.
    this.attempts = this.attempts === NONE ? [attempt] : [...this.attempts, attempt];
  }

  /** From now on `callReport` finds this call by that response, or by that error. */
  remember(subject: unknown): void {
    remember(subject, this);
  }

  /** @param now monotonic */
  settle(stopped: Stopped, now: number): void {
    this.#stopped = stopped;
    this.#duration = now - this.begun;
  }

  report(): CallReport {
    this.#report ??= Object.freeze({
      id: this.id,
      method: this.method,
      url: this.url,
      endpoint: this.endpoint,
      idempotencyKey: this.idempotencyKey,
      startedAt: this.#startedAt,
      duration: this.#duration,
      delivery: this.delivery,
      stopped: this.#stopped,
      attempts: Object.freeze(this.attempts.map(({ report }) => report)),
    });
    return this.#report;
  }
}
