/** Which timeout ran out. */
export type TimeoutPhase = 'attempt' | 'idle' | 'body' | 'total';

/** An attempt, a silent body or the whole call took too long. Match it by `name` or `code`. */
export class TimeoutError extends Error {
  /** For `error.name`, the same in every copy of this package. */
  override readonly name = 'TimeoutError';
  /** For `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_TIMEOUT';
  /** Which timeout ran out. */
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

/** The breaker of this scope is open: nothing was sent. Match it by `name` or `code`. */
export class BreakerOpenError extends Error {
  /** For `error.name`, the same in every copy of this package. */
  override readonly name = 'BreakerOpenError';
  /** For `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_BREAKER_OPEN';
  /** Whose breaker it is, such as `https://api.pay.example`. */
  readonly scope: string;
  /** Epoch milliseconds from which a probe is let through; undefined while the breaker is held open by hand. */
  readonly retryAt: number | undefined;

  constructor(scope: string, retryAt: number | undefined) {
    super(`The circuit breaker of ${scope} is open`);
    this.scope = scope;
    this.retryAt = retryAt;
  }
}

/** An option is wrong. Thrown before anything is sent. Match it by `name` or `code`. */
export class PolicyError extends Error {
  /** For `error.name`, the same in every copy of this package. */
  override readonly name = 'PolicyError';
  /** For `error.code`, the same in every version. */
  readonly code = 'ERR_STEADFETCH_POLICY';
  /** The option's path, such as `retry.attempts`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path} ${message}`);
    this.path = path;
  }
}
