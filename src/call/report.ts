import { causes } from '../model/cause.ts';
import type { CallReport } from '../model/report.ts';

/** Where a report comes from: it is only written when somebody asks for it. */
interface Reporter {
  report(): CallReport;
}

/** As the base of a class it hands over an object that is there already, to be given the class's private fields. */
class Existing {
  constructor(subject: object) {
    // biome-ignore lint/correctness/noConstructorReturn: that is what it is for
    return subject;
  }
}

/**
 * An object that has come out of a call. The record is in a private field: nobody sees that, and it costs less than an
 * entry in a WeakMap, above all at garbage collections (`npm run bench:tricks`).
 */
class Marked extends Existing {
  #record: Reporter;

  private constructor(subject: object, record: Reporter) {
    super(subject);
    this.#record = record;
  }

  static mark(subject: object, record: Reporter): void {
    if (#record in subject) subject.#record = record;
    else new Marked(subject, record);
  }

  static recordOf(subject: object): Reporter | undefined {
    return #record in subject ? subject.#record : undefined;
  }
}

/** Those that are frozen: from some later Node on, such objects can't be given a private field. */
const frozen = new WeakMap<object, Reporter>();

/** Remembers which call a response or an error came from. To everybody else they stay as they are. */
export function remember(subject: unknown, record: Reporter): void {
  if (typeof subject !== 'object' || subject === null) return;
  if (Object.isExtensible(subject)) Marked.mark(subject, record);
  else frozen.set(subject, record);
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
    const record = frozen.get(cause) ?? Marked.recordOf(cause);
    if (record !== undefined) return record.report();
  }
  return undefined;
}
