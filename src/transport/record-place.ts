/**
 * Under this a response that was made here keeps the record of its call. For any other object a weak map has to do: that takes
 * about a microsecond more for each call (`npm run bench:tricks`), most of it in the collector.
 *
 * Registered, because a process may have two copies of this package: a tool may load one as ESM and one as CommonJS.
 */
export const RECORD = Symbol.for('steadfetch: record of the call');

/** An object that has such a place. A proxy of one may seem to, and keeps nothing. */
export interface RecordPlace {
  [RECORD]: unknown;
}

/** An object with nothing but such a place, which is not to be seen. */
export class CallContext implements RecordPlace {
  #record: unknown;

  get [RECORD](): unknown {
    return #record in this ? this.#record : undefined;
  }
  set [RECORD](record: unknown) {
    if (#record in this) this.#record = record;
  }
}
