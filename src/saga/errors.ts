/** A step will not succeed: a service refused it for good, or `refuse` was called. The saga goes back. */
export class StepRefusedError extends Error {
  override readonly name = 'StepRefusedError';
  readonly code = 'ERR_STEADFETCH_STEP_REFUSED';
  /** The service's answer, if it was one; its body is unread. */
  readonly response: Response | undefined;

  constructor(message: string, response?: Response) {
    super(message);
    this.response = response;
  }
}

/** A call got no answer that settles it. The step is run again later, under the same keys. */
export class StepPendingError extends Error {
  override readonly name = 'StepPendingError';
  readonly code = 'ERR_STEADFETCH_STEP_PENDING';
  /** Milliseconds before which there is no use in trying again. */
  readonly wait: number;
  readonly status: number | undefined;

  constructor(message: string, wait: number, status: number | undefined, cause: unknown) {
    super(message, { cause });
    this.wait = wait;
    this.status = status;
  }
}

/** There is no such saga: it was never committed, or its record has been removed since. */
export class UnknownSagaError extends Error {
  override readonly name = 'UnknownSagaError';
  readonly code = 'ERR_STEADFETCH_UNKNOWN_SAGA';

  constructor(saga: string, id: string) {
    super(`There is no saga ${saga} ${JSON.stringify(id)}: was the transaction that started it committed?`);
  }
}

/** A saga in flight needs a step, or a saga, that the code does not have. It waits for code that has it. */
export class MissingStepError extends Error {
  override readonly name = 'MissingStepError';
  readonly code = 'ERR_STEADFETCH_MISSING_STEP';
}

/** The id was used before for a saga with another input. Nothing was started. */
export class SagaReusedError extends Error {
  override readonly name = 'SagaReusedError';
  readonly code = 'ERR_STEADFETCH_SAGA_REUSED';

  constructor(saga: string, id: string) {
    super(`The id ${JSON.stringify(id)} was used before for a saga ${saga} with another input`);
  }
}
