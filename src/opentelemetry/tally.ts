import type { Attributes, Observable, ObservableCallback } from '@opentelemetry/api';

/**
 * Counts here, and says so when the meter's reader asks. An SDK's own counter writes its attributes out as a text each time,
 * which takes longer than all else that is done for a call; these are told apart by identity, so each has to be made once.
 */
export class Tally {
  readonly #counts = new Map<Attributes, number>();

  add(value: number, attributes: Attributes): void {
    this.#counts.set(attributes, (this.#counts.get(attributes) ?? 0) + value);
  }

  /** @returns the function that ends it */
  tell(instrument: Observable): () => void {
    const observe: ObservableCallback = (result) => {
      for (const [attributes, count] of this.#counts) result.observe(count, attributes);
    };
    instrument.addCallback(observe);
    return () => instrument.removeCallback(observe);
  }
}
