import type { Attributes, Observable } from '@opentelemetry/api';

/** What an attribute set came to. */
interface Sum {
  readonly attributes: Attributes;
  count: number;
}

/**
 * Counts here, and says so when the meter's reader asks. An SDK's own counter writes its attributes out as a text each time,
 * which takes longer than all else that is done for a call; these are told apart by identity, so each has to be made once.
 */
export class Tally {
  readonly #counts = new Map<Attributes, number>();

  constructor(instrument: Observable) {
    instrument.addCallback((result) => {
      for (const { attributes, count } of this.#sums()) result.observe(count, attributes);
    });
  }

  add(value: number, attributes: Attributes): void {
    this.#counts.set(attributes, (this.#counts.get(attributes) ?? 0) + value);
  }

  /** By their text: the places of two rules may have equal attributes, and of two equal ones an SDK keeps the last. */
  #sums(): Iterable<Sum> {
    const sums = new Map<string, Sum>();
    for (const [attributes, count] of this.#counts) {
      const text = JSON.stringify(attributes);
      const sum = sums.get(text);
      if (sum === undefined) sums.set(text, { attributes, count });
      else sum.count += count;
    }
    return sums.values();
  }
}
