import { codeOf, isError } from '../model/cause.ts';
import type { Delivery } from '../model/failure.ts';
import type { AttemptReason, AttemptReport, ErrorSummary } from '../model/report.ts';

/** The facts about one attempt. Its report is only built when it is asked for. */
export class AttemptRecord {
  readonly number: number;
  readonly startedAt: number;
  readonly waited: number;
  /** Whether the attempt is a hedge: it was sent beside a late attempt. */
  readonly isHedge: boolean;
  duration = 0;
  status: number | undefined;
  delivery: Delivery = 'not-sent';
  reason: AttemptReason = 'success';
  #error: ErrorSummary | undefined;

  constructor(number: number, startedAt: number, waited: number, isHedge: boolean) {
    this.number = number;
    this.startedAt = startedAt;
    this.waited = waited;
    this.isHedge = isHedge;
  }

  /** The attempt threw. */
  failed(error: unknown): void {
    this.#error = summarise(error);
  }

  /** The code of the attempt's error. */
  get code(): string | undefined {
    return this.#error?.code;
  }

  /** Written anew each time, so it need not be frozen. */
  report(): AttemptReport {
    const { number, isHedge, startedAt, duration, waited, status, delivery, reason } = this;
    const error = this.#error;
    if (status !== undefined && error === undefined && !isHedge) {
      // The common case: one literal is cheaper than joined parts (`npm run bench:tricks`).
      return { number, startedAt, duration, waited, status, delivery, reason };
    }
    return {
      number,
      ...(isHedge && { hedge: true }),
      ...{ startedAt, duration, waited },
      ...(status !== undefined && { status }),
      ...(error && { error: { ...error } }),
      ...{ delivery, reason },
    };
  }
}

/** Leaves the message out, because a message may hold a URL with secrets. */
function summarise(error: unknown): ErrorSummary {
  const name = isError(error) ? error.name : typeof error;
  const code = codeOf(error);
  return code === undefined ? { name } : { name, code };
}
