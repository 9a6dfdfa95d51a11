import type { FetchBody } from '../model/options.ts';

/** Gives each attempt its body. */
export interface BodySource {
  /** The body for the next attempt. */
  next(): FetchBody | Promise<FetchBody>;
  /** Whether another attempt can send the same bytes. */
  repeatable(): boolean;
}

/** A body that any number of attempts can send. */
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
