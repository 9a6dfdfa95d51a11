import type { Admission } from '../guard/admission.ts';
import type { CallUrl } from '../http/call-url.ts';
import type { ShowUrl } from '../http/redact.ts';
import type { Delivery } from '../model/failure.ts';
import type { BodyReport, CallReport, Stopped } from '../model/report.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { bodyEvent } from './call-events.ts';
import { callId } from './call-id.ts';
import type { Emitter } from './emitter.ts';
import { hashKey } from './hash-key.ts';
import { remember } from './report.ts';

const NONE: readonly AttemptRecord[] = [];

/** The facts about a call before it begins. */
export interface CallFacts {
  readonly method: string;
  readonly url: CallUrl;
  /** The endpoint rule that matched. */
  readonly endpoint: string | undefined;
  readonly scope: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly vouched: boolean;
  /** Whether the key may mean something to people (an order's number, an address). Events show the hash of such a key. */
  readonly isKeyPrivate: boolean;
  /** How events and reports show the URL. */
  readonly show: ShowUrl;
}

/** The facts about a running call. The report is only built when it is asked for. */
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
  #isFallback = false;
  readonly #emitter: Emitter;
  readonly #runtime: Runtime;
  /** The admission of the attempt whose response was returned, until the end of its body is known. */
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

  /** The URL for events and reports, without what may be secret. */
  get url(): string {
    this.#shownUrl ??= this.#show(this.#url, this.endpoint);
    return this.#shownUrl;
  }

  /** The URL for the caller's own functions: with its path, without credentials, query and fragment. */
  get location(): string {
    return this.#url.origin + this.#url.pathname;
  }

  /** Converts a monotonic time of this call to epoch milliseconds. */
  epochOf(moment: number): number {
    return Math.round(this.#startedAt + moment - this.begun);
  }

  /** The delivery of the attempts so far. */
  get delivery(): Delivery {
    const last = this.attempts.findLast(({ reason }) => reason !== 'lost');
    if (last?.delivery === 'answered') return 'answered';
    return this.attempts.some(({ delivery }) => delivery !== 'not-sent') ? 'unknown' : 'not-sent';
  }

  /** An attempt is over. */
  add(attempt: AttemptRecord): void {
    // Not `push`: a growing array reserves space for more elements, and the response keeps this array alive.
    this.attempts = this.attempts === NONE ? [attempt] : [...this.attempts, attempt];
  }

  /** Makes `callReport` find this call by that response or error. */
  remember(subject: unknown): void {
    remember(subject, this);
  }

  /** Sets the admission whose guards are told if the body of the returned response breaks off. */
  admittedBy(admission: Admission): void {
    this.#admission = admission;
  }

  /** The body of the returned response has ended. */
  bodyEnded(body: BodyReport): void {
    this.#body = body;
    // A body that took too long (`'body'`) does not count, because a slow reader may be the cause.
    if (body.end === 'network' || body.end === 'idle') {
      const { duration, end } = body;
      const reason = end === 'idle' ? 'timeout' : end;
      this.#admission?.broke({ now: this.#runtime.now(), reason, duration });
    }
    this.#admission = undefined;
    // The next report includes the body.
    this.#report = undefined;
    if (this.#emitter.has('body')) this.#emitter.emit('body', bodyEvent(this, body));
  }

  /** A fallback gave this response. */
  answeredBy(response: Response): void {
    this.#isFallback = true;
    this.remember(response);
  }

  /** @param now monotonic */
  settle(stopped: Stopped, now: number): void {
    this.#stopped = stopped;
    this.#duration = now - this.begun;
  }

  /** The same object each time. Frozen, because all callers of `callReport` share it. */
  report(): CallReport {
    this.#report ??= frozen(this.#write(this.idempotencyKey));
    return this.#report;
  }

  /** The report for listeners, which may log it: a private key is replaced by its hash. Made anew, so it need not be frozen. */
  event(): CallReport {
    const key = this.idempotencyKey;
    return this.#write(key === undefined || !this.#isKeyPrivate ? key : hashKey(key));
  }

  #write(idempotencyKey: string | undefined): CallReport {
    const { id, method, url, endpoint, scope, vouched, delivery } = this;
    const report = {
      id,
      method,
      url,
      endpoint,
      scope,
      idempotencyKey,
      vouched,
      startedAt: this.#startedAt,
      duration: this.#duration,
      delivery,
      stopped: this.#stopped,
      attempts: inOrder(this.attempts).map((attempt) => attempt.report()),
    };
    if (this.#body === undefined && !this.#isFallback) return report;
    return {
      ...report,
      ...(this.#isFallback && { fallback: true as const }),
      ...(this.#body && { body: { ...this.#body } }),
    };
  }
}

/** Attempts in the order of their start, because an attempt and its hedge may end in any order. */
function inOrder(attempts: readonly AttemptRecord[]): readonly AttemptRecord[] {
  return attempts.length === 1 ? attempts : [...attempts].sort(byStart);
}

function byStart(one: AttemptRecord, other: AttemptRecord): number {
  return one.number - other.number || Number(one.isHedge) - Number(other.isHedge);
}

function frozen(report: CallReport): CallReport {
  for (const attempt of report.attempts) {
    if (attempt.error) Object.freeze(attempt.error);
    Object.freeze(attempt);
  }
  if (report.body) Object.freeze(report.body);
  Object.freeze(report.attempts);
  return Object.freeze(report);
}
