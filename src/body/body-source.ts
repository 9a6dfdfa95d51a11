import type { FetchBody } from '../model/options.ts';

/** Gives each attempt its body. */
export interface BodySource {
  /** The body for the next attempt. */
  next(): FetchBody | Promise<FetchBody>;
  /** Whether another attempt can be given the same bytes. */
  repeatable(): boolean;
}

/** A body that is sent as it is, however often. */
export class FixedBody implements BodySource {
  readonly #body: FetchBody;

  constructor(body: FetchBody) {
    this.#body = body;
  }

  next(): FetchBody {
    return this.#body;
  }

  repeatable(): boolean {
    return true;
  }
}
