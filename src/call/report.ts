import { causes } from '../model/cause.ts';
import type { Delivery } from '../model/failure.ts';
import type { CallReport } from '../model/report.ts';

/** Where a report comes from: it is only written when somebody asks for it. */
interface Reporter {
  readonly delivery: Delivery;
  report(): CallReport;
}

/** Weak: a record lives as long as the response or the error that it belongs to. */
const records = new WeakMap<object, Reporter>();

/** The last is the worst: work may have been done, and nobody knows. */
const deliveries: readonly Delivery[] = ['not-sent', 'answered', 'unknown'];

/**
 * Remembers which call a response or an error came from. To everybody else they stay as they are.
 *
 * Several calls may end with one object: the reason of an AbortController that they share, the error of a connection that
 * they waited for, the one error of a mock. Then the call with the worst delivery is remembered, and of those the last:
 * no call is said to be 'not-sent' because another one was.
 */
export function remember(subject: unknown, record: Reporter): void {
  if (typeof subject !== 'object' || subject === null) return;
  const other = records.get(subject);
  if (other === undefined || rank(record) >= rank(other)) records.set(subject, record);
}

function rank({ delivery }: Reporter): number {
  return deliveries.indexOf(delivery);
}

/**
 * What happened in the call that this response, or this error, came from. An error that ended a body
 * (`TypeError: terminated`) is recognised by its cause.
 *
 * If several calls ended with one and the same object, such as the reason of an AbortController that they share, this is
 * the report of the one whose delivery is worst: `'unknown'`, then `'answered'`. The event `settled` tells each call's own.
 *
 * @returns undefined for anything that did not come out of a call
 * @example
 * const response = await api(url);
 * callReport(response)?.attempts.length;
 */
export function callReport(subject: unknown): CallReport | undefined {
  for (const cause of causes(subject)) {
    const record = records.get(cause);
    if (record !== undefined) return record.report();
  }
  return undefined;
}
