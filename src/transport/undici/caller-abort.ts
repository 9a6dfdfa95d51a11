/** The caller has aborted the call. The reason need not be an Error; what undici is given must be one. */
export class CallerAbort extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super('the caller has aborted the call');
    this.reason = reason;
  }
}
