import type { CallFailure } from './fallback.ts';

/** The timeout that ran out: the member of `TimeoutOptions` with this name. */
export type TimeoutPhase = 'attempt' | 'idle' | 'body' | 'total';

/**
 * An attempt, a silent body or the whole call took too long. Recognise it by `name` or `code`.
 * @example if (error.code === 'ERR_STEADFETCH_TIMEOUT' && error.phase === 'total') return busy();
 */
export class TimeoutError extends Error {
  /** The value of `error.name`, the same in every copy of this package. */
  override readonly name = 'TimeoutError';
  /** The value of `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_TIMEOUT';
  /** The timeout that ran out. */
  readonly phase: TimeoutPhase;

  constructor(phase: TimeoutPhase, limit: number) {
    super(`${explain[phase]} within ${limit} ms (timeout.${phase})`);
    this.phase = phase;
  }
}

const explain: Record<TimeoutPhase, string> = {
  attempt: 'The attempt had no response headers',
  idle: 'The response body sent nothing',
  body: 'The response body was not complete',
  total: 'The call had no response',
};

/**
 * The breaker of the scope is open, and nothing of the call was sent. Recognise it by `name` or `code`.
 * @example if (error.code === 'ERR_STEADFETCH_BREAKER_OPEN') return cached();
 */
export class BreakerOpenError extends Error {
  /** The value of `error.name`, the same in every copy of this package. */
  override readonly name = 'BreakerOpenError';
  /** The value of `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_BREAKER_OPEN';
  /** The scope of the breaker, such as `https://api.pay.example`. */
  readonly scope: string;
  /** When the breaker lets a probe through, in epoch milliseconds. Undefined while the breaker is isolated by hand. */
  readonly retryAt: number | undefined;

  constructor(scope: string, retryAt: number | undefined, why?: string) {
    super(`The circuit breaker of ${scope} is open${why === undefined ? '' : `: ${why}`}`);
    this.scope = scope;
    this.retryAt = retryAt;
  }
}

/**
 * The limit of the scope is reached, and nothing was sent. Recognise it by `name` or `code`.
 * @example if (error.code === 'ERR_STEADFETCH_LIMIT') return new Response('busy', { status: 503 });
 */
export class LimitError extends Error {
  /** The value of `error.name`, the same in every copy of this package. */
  override readonly name = 'LimitError';
  /** The value of `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_LIMIT';
  /** The scope of the limit, such as `https://api.pay.example`. */
  readonly scope: string;
  /** Whether the queue was full (`limit.queue`). False: the call waited in the queue until `patience` or `timeout.total` ended. */
  readonly isQueueFull: boolean;

  constructor(scope: string, isQueueFull: boolean) {
    const why = isQueueFull ? 'and its queue is full (limit.queue)' : 'and no place came free in time';
    super(`The limit of ${scope} is reached (limit.concurrency), ${why}`);
    this.scope = scope;
    this.isQueueFull = isQueueFull;
  }
}

/**
 * The `fallback` of a rule threw an error, or gave something that is not a response. `cause` is what it threw. Recognise it by
 * `name` or `code`.
 * @example if (error.code === 'ERR_STEADFETCH_FALLBACK') log.error(error.message, error.cause);
 */
export class FallbackError extends Error {
  /** The value of `error.name`, the same in every copy of this package. */
  override readonly name = 'FallbackError';
  /** The value of `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_FALLBACK';
  /** The failure that the fallback was asked about. Loggers leave it out: it has the whole path, and the headers of the answer. */
  declare readonly failure: CallFailure;

  /** @param name the rule, or the URL as events show it */
  constructor(failure: CallFailure, name: string, what: string, cause?: unknown) {
    super(`The fallback of ${name} ${what}; the call had ended by '${failure.stopped}'`, { cause });
    Object.defineProperty(this, 'failure', { value: failure });
  }
}

/**
 * An option is wrong. Thrown before anything is sent. Recognise it by `name` or `code`.
 * @example if (error.code === 'ERR_STEADFETCH_POLICY') log.error(error.path, error.message);
 */
export class PolicyError extends Error {
  /** The value of `error.name`, the same in every copy of this package. */
  override readonly name = 'PolicyError';
  /** The value of `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_POLICY';
  /** The path of the option, such as `retry.attempts`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path} ${message}`);
    this.path = path;
  }
}
