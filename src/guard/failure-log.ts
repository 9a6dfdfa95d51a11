import type { FailureSummary, OpenCause } from '../model/breaker.ts';
import type { AttemptReason } from '../model/report.ts';

/** No more than so many failures are remembered. */
const MOST = 100;

/** A failed attempt, as far as it is told of. */
export interface Failure {
  readonly reason: AttemptReason;
  readonly status?: number | undefined;
  readonly code?: string | undefined;
}

/** The latest failures of a breaker: why it will have opened. Looked at only then. */
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

  /** @param since monotonic: failures before it do not matter any more */
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
