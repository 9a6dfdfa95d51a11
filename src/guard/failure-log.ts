import type { FailureSummary, OpenCause } from '../model/breaker.ts';
import type { AttemptReason } from '../model/report.ts';

/** The number of failures that are remembered. */
const MOST = 100;

/** What events tell about a failed attempt. */
export interface Failure {
  readonly reason: AttemptReason;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
}

/** The latest failures of a breaker. They are read only when it opens, as the cause. */
export class FailureLog {
  #latest: { readonly failure: Failure; readonly now: number }[] = [];

  /** @param now monotonic */
  add(failure: Failure, now: number): void {
    if (this.#latest.length >= MOST) this.#latest.shift();
    this.#latest.push({ failure, now });
  }

  clear(): void {
    if (this.#latest.length > 0) this.#latest = [];
  }

  /** @param since monotonic: older failures are left out */
  cause(since: number): Omit<OpenCause, 'attempts' | 'failures'> {
    const failures = this.#latest.filter(({ now }) => now >= since).map(({ failure }) => failure);
    const reasons: { [Reason in AttemptReason]?: number } = {};
    for (const { reason } of failures) reasons[reason] = (reasons[reason] ?? 0) + 1;
    const last = failures.at(-1);
    return { reasons, ...(last && { last: summary(last) }) };
  }
}

function summary({ reason, status, code }: Failure): FailureSummary {
  return { reason, ...(status !== undefined && { status }), ...(code !== undefined && { code }) };
}
