import { codeOf } from '../model/cause.ts';
import type { Delivery } from '../model/failure.ts';
import type { AttemptReason, AttemptReport, ErrorSummary } from '../model/report.ts';

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

  /** Of its error. */
  get code(): string | undefined {
    return this.#error?.code;
  }

  /** Frozen: listeners are shown it, all of them the same. */
  get report(): AttemptReport {
    this.#report ??= Object.freeze(this.#write());
    return this.#report;
  }

  #write(): AttemptReport {
    const { number, startedAt, duration, waited, status, delivery, reason } = this;
    const error = this.#error;
    if (status !== undefined && error === undefined) {
      // What most attempts come to: a literal costs less than to join parts (`npm run bench:tricks`).
      return { number, startedAt, duration, waited, status, delivery, reason };
    }
    return {
      ...{ number, startedAt, duration, waited },
      ...(status !== undefined && { status }),
      ...(error && { error }),
      ...{ delivery, reason },
    };
  }
}

/** Without the message, which may hold a URL with its secrets. */
function summarise(error: unknown): ErrorSummary {
  const name = error instanceof Error ? error.name : typeof error;
  const code = codeOf(error);
  return Object.freeze(code === undefined ? { name } : { name, code });
}
