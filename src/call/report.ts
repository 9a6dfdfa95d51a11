import { causes } from '../model/cause.ts';
import type { CallReport } from '../model/report.ts';

/** Where a report comes from: it is only written when somebody asks for it. */
interface Reporter {
  report(): CallReport;
}

/** Weak: a record lives as long as the response or the error that it belongs to. */
const records = new WeakMap<object, Reporter>();

/** Remembers which call a response or an error came from. To everybody else they stay as they are. */
export function remember(subject: unknown, record: Reporter): void {
  if (typeof subject === 'object' && subject !== null) records.set(subject, record);
}

/**
 * What happened in the call that this response, or this error, came from. An error that ended a body
 * (`TypeError: terminated`) is recognised by its cause.
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
