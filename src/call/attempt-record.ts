import { codeOf } from '../verdict/cause.ts';
import type { Delivery } from '../verdict/failure.ts';
import type { AttemptReason, AttemptReport, ErrorSummary } from './report.ts';

/** What is noted of an attempt. Its report is only written when somebody asks for it. */
export class AttemptRecord {
  readonly number: number;
  readonly startedAt: number;
  readonly waited: number;
  duration = 0;
  status: number | undefined;
  delivery: Delivery = 'not-sent';
  reason: AttemptReason = 'success';
  #error: ErrorSummary | undefined;
  #report: AttemptReport | undefined;

  constructor(number: number, startedAt: number, waited: number) {
    this.number = number;
    this.startedAt = startedAt;
    this.waited = waited;
  }

  /** It threw. */
  failed(error: unknown): void {
    this.#error = summarise(error);
  }

  /** Frozen: listeners are shown it, all of them the same. */
  get report(): AttemptReport {
    this.#report ??= Object.freeze(
      Object.assign(
        { number: this.number, startedAt: this.startedAt, duration: this.duration, waited: this.waited },
        this.status !== undefined && { status: this.status },
        this.#error && { error: this.#error },
        { delivery: this.delivery, reason: this.reason },
      ),
    );
    return this.#report;
  }
}

/** Without the message, which may hold a URL with its secrets. */
function summarise(error: unknown): ErrorSummary {
  const name = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  return Object.freeze(code === undefined ? { name } : { name, code });
}
