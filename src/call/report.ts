import { causes } from '../verdict/cause.ts';
import type { Delivery } from '../verdict/failure.ts';
import type { CallRecord } from './record.ts';

/** Why a call ended. */
export type Stopped =
  /** An answer below 400. */
  | 'success'
  /** An answer whose status is not retried. */
  | 'final-status'
  /** No attempts left. */
  | 'attempts'
  /** No time left for a pause and another attempt. */
  | 'deadline'
  /** The retry budget was empty. */
  | 'budget'
  /** The breaker was open. */
  | 'breaker'
  /** The body could not be sent again. */
  | 'body'
  /** A repeat could have done the work twice. */
  | 'unsafe'
  /** The caller's signal. */
  | 'aborted'
  /** The rules said no: an error that will not heal, `retry.when`, a Retry-After beyond `retry.retryAfter`. */
  | 'policy';

/** Why an attempt ended as it did. */
export type AttemptReason =
  | 'success'
  | 'status'
  | 'final-status'
  | 'timeout'
  | 'network'
  | 'body'
  | 'invalid'
  | 'aborted';

/** An error, without its message: messages may hold URLs and other secrets. */
export interface ErrorSummary {
  readonly name: string;
  /** The first `code` found along the chain of causes. */
  readonly code?: string;
}

/** One attempt. */
export interface AttemptReport {
  /** Counted from 1. */
  readonly number: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the response headers, or the error. */
  readonly duration: number;
  /** Milliseconds of pause before it. */
  readonly waited: number;
  readonly status?: number;
  readonly error?: ErrorSummary;
  readonly delivery: Delivery;
  readonly reason: AttemptReason;
}

/** What happened in one logical call. Holds no bodies, headers, credentials or query strings. */
export interface CallReport {
  /** A UUID of this call, the same in all its events. Not secret: the next call's is one more. */
  readonly id: string;
  readonly method: string;
  /** Without credentials and query. */
  readonly url: string;
  /** The endpoint rule that matched, as you wrote it. */
  readonly endpoint: string | undefined;
  /** The key that every attempt carried. */
  readonly idempotencyKey: string | undefined;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds until the call settled. */
  readonly duration: number;
  /** `'answered'` if the last attempt was; else `'unknown'` if any was; else `'not-sent'`. */
  readonly delivery: Delivery;
  readonly stopped: Stopped;
  readonly attempts: readonly AttemptReport[];
}

/** As the base of a class it hands over an object that is there already, to be given the class's private fields. */
class Existing {
  constructor(subject: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for
    return subject;
  }
}

/**
 * An object that has come out of a call. The record is in a private field: nobody sees that, and it costs less than an
 * entry in a WeakMap, above all at garbage collections (`npm run bench:tricks`).
 */
class Marked extends Existing {
  #record: CallRecord;

  private constructor(subject: object, record: CallRecord) {
    super(subject);
    this.#record = record;
  }

  static mark(subject: object, record: CallRecord): void {
    if (#record in subject) subject.#record = record;
    else new Marked(subject, record);
  }

  static recordOf(subject: object): CallRecord | undefined {
    return #record in subject ? subject.#record : undefined;
  }
}

/** Those that are frozen: from some later Node on, such objects can't be given a private field. */
const frozen = new WeakMap<object, CallRecord>();

/** Remembers which call a response or an error came from. To everybody else they stay as they are. */
export function remember(subject: unknown, record: CallRecord): void {
  if (typeof subject !== 'object' || subject === null) return;
  if (Object.isExtensible(subject)) Marked.mark(subject, record);
  else frozen.set(subject, record);
}

/**
 * What happened in the call that this response, or this error, came from. An error that ended a body
 * (`TypeError: terminated`) is recognised by its cause.
 *
 * @returns undefined for anything that did not come out of a call
 * @example
 * const response = await api(url);
 * callReport(response)?.attempts.length;
 */
export function callReport(subject: unknown): CallReport | undefined {
  for (const cause of causes(subject)) {
    const record = frozen.get(cause) ?? Marked.recordOf(cause);
    if (record !== undefined) return record.report();
  }
  return undefined;
}
