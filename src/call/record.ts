import type { Admission } from '../guard/admission.ts';
import type { CallUrl } from '../http/call-url.ts';
import type { ShowUrl } from '../http/redact.ts';
import type { CallRef } from '../model/events.ts';
import type { Delivery } from '../model/failure.ts';
import type { BodyReport, CallReport, Stopped } from '../model/report.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { callId } from './call-id.ts';
import type { Emitter } from './emitter.ts';
import { hashKey } from './hash-key.ts';
import { remember } from './report.ts';

const NONE: readonly AttemptRecord[] = [];

/** What is known of a call before it begins. */
export interface CallFacts {
  readonly method: string;
  readonly url: CallUrl;
  /** The endpoint rule that matched. */
  readonly endpoint: string | undefined;
  readonly scope: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly vouched: boolean;
  /** Whether the key may mean something to people (an order's number, an address): events show its hash. */
  readonly isKeyPrivate: boolean;
  /** How events and reports show its URL. */
  readonly show: ShowUrl;
}

/** What is noted while a call runs. A report is only written when somebody asks for one. */
export class CallRecord {
  readonly method: string;
  readonly endpoint: string | undefined;
  readonly scope: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly vouched: boolean;
  attempts: readonly AttemptRecord[] = NONE;
  readonly #url: CallUrl;
  readonly #show: ShowUrl;
  readonly #isKeyPrivate: boolean;
  readonly #startedAt: number;
  /** Monotonic. */
  readonly begun: number;
  #duration = 0;
  #stopped: Stopped = 'attempts';
  #id: string | undefined;
  #shownUrl: string | undefined;
  #report: CallReport | undefined;
  #body: BodyReport | undefined;
  readonly #emitter: Emitter;
  readonly #runtime: Runtime;
  /** Of the attempt whose response was handed over, until it is known how the body ends. */
  #admission: Admission | undefined;

  constructor(facts: CallFacts, emitter: Emitter, runtime: Runtime) {
    this.#emitter = emitter;
    this.#runtime = runtime;
    this.method = facts.method;
    this.endpoint = facts.endpoint;
    this.scope = facts.scope;
    this.idempotencyKey = facts.idempotencyKey;
    this.vouched = facts.vouched;
    this.#url = facts.url;
    this.#show = facts.show;
    this.#isKeyPrivate = facts.isKeyPrivate;
    this.#startedAt = runtime.epoch();
    this.begun = runtime.now();
  }

  get id(): string {
    this.#id ??= callId();
    return this.#id;
  }

  /** For events and reports: without what may be secret. */
  get url(): string {
    this.#shownUrl ??= this.#show(this.#url, this.endpoint);
    return this.#shownUrl;
  }

  /** For the caller's own functions: with its path, but without credentials, query and fragment. */
  get location(): string {
    return this.#url.origin + this.#url.pathname;
  }

  /** A moment of this call, in epoch milliseconds. */
  epochOf(moment: number): number {
    return Math.round(this.#startedAt + moment - this.begun);
  }

  get ref(): CallRef {
    const { id, method, url, endpoint, scope } = this;
    return { id, method, url, endpoint, scope };
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

  /** The guards of that attempt are told if the body that was handed over breaks off. */
  admittedBy(admission: Admission): void {
    this.#admission = admission;
  }

  /** The body of the response that was handed over has ended. */
  bodyEnded(body: BodyReport): void {
    this.#body = Object.freeze(body);
    // Not if it took too long (`'body'`): that may be because of a slow reader.
    if (body.end === 'network' || body.end === 'idle') {
      const { duration, end } = body;
      const reason = end === 'idle' ? 'timeout' : end;
      this.#admission?.broke({ now: this.#runtime.now(), reason, duration });
    }
    this.#admission = undefined;
    // The next one that is asked for tells of the body, too.
    this.#report = undefined;
    if (this.#emitter.has('body')) this.#emitter.emit('body', { ...this.ref, ...body });
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
      scope: this.scope,
      idempotencyKey: this.idempotencyKey,
      vouched: this.vouched,
      startedAt: this.#startedAt,
      duration: this.#duration,
      delivery: this.delivery,
      stopped: this.#stopped,
      attempts: Object.freeze(this.attempts.map(({ report }) => report)),
      ...(this.#body && { body: this.#body }),
    });
    return this.#report;
  }

  /** The report as listeners get it, and whatever they log it to. */
  get event(): CallReport {
    const report = this.report();
    if (this.idempotencyKey === undefined || !this.#isKeyPrivate) return report;
    return Object.freeze({ ...report, idempotencyKey: hashKey(this.idempotencyKey) });
  }
}
