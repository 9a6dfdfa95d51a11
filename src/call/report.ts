import { causes } from '../model/cause.ts';
import type { Delivery } from '../model/failure.ts';
import type { CallReport } from '../model/report.ts';
import { RECORD, type RecordPlace } from '../transport/record-place.ts';

/** Builds a report when it is asked for. */
interface Reporter {
  readonly delivery: Delivery;
  report(): CallReport;
}

/** Weak: a record lives as long as its response or error. One for all copies of this package in a process. */
const records = shared();

/** From best to worst: `'unknown'` is the worst, because work may have been done without any answer. */
const deliveries: readonly Delivery[] = ['not-sent', 'answered', 'unknown'];

/**
 * Remembers the call that a response or an error came from, without changing the object.
 *
 * Several calls may end with the same object: the reason of a shared AbortController, the error of a shared connection, the
 * single error of a mock. Then the call with the worst delivery is remembered, and of equal ones the last. So no call is reported
 * as 'not-sent' because another call was.
 */
export function remember(subject: unknown, record: Reporter): void {
  if (typeof subject !== 'object' || subject === null) return;
  const other = recordOf(subject);
  if (other !== undefined && rank(record) < rank(other)) return;
  if (hasPlace(subject)) subject[RECORD] = record;
  if (recordOf(subject) !== record) records.set(subject, record);
}

function shared(): WeakMap<object, Reporter> {
  const place = Symbol.for('steadfetch: records of calls');
  const there: unknown = Reflect.get(globalThis, place);
  if (there instanceof WeakMap) return there;
  const made = new WeakMap<object, Reporter>();
  Object.defineProperty(globalThis, place, { value: made });
  return made;
}

function recordOf(subject: object): Reporter | undefined {
  return (hasPlace(subject) ? (subject[RECORD] as Reporter | undefined) : undefined) ?? records.get(subject);
}

function hasPlace(subject: object): subject is RecordPlace {
  return RECORD in subject;
}

function rank({ delivery }: Reporter): number {
  return deliveries.indexOf(delivery);
}

/**
 * The report of the call that a response or an error came from. An error that ended a body (`TypeError: terminated`) is
 * recognised by its cause.
 *
 * If several calls ended with the same object, such as the reason of a shared AbortController, this is the report of the call
 * with the worst delivery: `'unknown'`, then `'answered'`. The event `settled` has the report of each call.
 *
 * @param subject a response, or a caught error
 * @returns undefined for anything that did not come out of a call
 * @example
 * const response = await api(url);
 * callReport(response)?.attempts.length;
 */
export function callReport(subject: unknown): CallReport | undefined {
  for (const cause of causes(subject)) {
    const record = recordOf(cause);
    if (record !== undefined) return record.report();
  }
  return undefined;
}
