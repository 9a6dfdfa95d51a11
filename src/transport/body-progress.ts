import type { BodyEnd, BodyReport } from '../model/report.ts';
import type { ExchangeRecord } from './exchange.ts';

/** What has come of a response's body. It may have ended before it is certain that the response is the call's. */
export class BodyProgress {
  bytes = 0;
  #begunAt = 0;
  #cause: BodyEnd | undefined;
  #report: BodyReport | undefined;
  #record: ExchangeRecord | undefined;

  /** The headers are there; perhaps not the first ones, after a redirect. @param now monotonic */
  begin(now: number): void {
    this.bytes = 0;
    this.#begunAt = now;
    this.#report = undefined;
  }

  /** It will be cut off, and this is why. */
  endsBy(cause: BodyEnd): void {
    this.#cause ??= cause;
  }

  /** @param now monotonic */
  ended(end: BodyEnd, now: number): void {
    if (this.#report !== undefined) return;
    const why = end === 'ended' ? end : (this.#cause ?? end);
    this.#report = { end: why, bytes: this.bytes, duration: now - this.#begunAt };
    this.#record?.bodyEnded(this.#report);
    this.#record = undefined;
  }

  /** The response is the call's. */
  handedOver(record: ExchangeRecord | undefined): void {
    if (this.#report === undefined) this.#record = record;
    else record?.bodyEnded(this.#report);
  }
}
