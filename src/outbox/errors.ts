/** The same key was added before for another call. Nothing was added. Match it by `name` or `code`. */
export class CallReusedError extends Error {
  override readonly name = 'CallReusedError';
  readonly code = 'ERR_STEADFETCH_CALL_REUSED';
  /** The call that has the key. */
  readonly id: string;

  constructor(id: string) {
    super(
      `The idempotency key was used before for another call (${id}); one key stands for one piece of work`,
    );
    this.id = id;
  }
}

/** There is no such call: it was never committed, or its record has been removed since. */
export class UnknownCallError extends Error {
  override readonly name = 'UnknownCallError';
  readonly code = 'ERR_STEADFETCH_UNKNOWN_CALL';

  constructor(id: string) {
    super(
      `There is no call ${id} in the outbox: was the transaction that added it committed? Of a call with a group, name the group, too`,
    );
  }
}

/** The call's key has ended: the receiver may have forgotten it, so sending it could do the work twice. */
export class CallExpiredError extends Error {
  override readonly name = 'CallExpiredError';
  readonly code = 'ERR_STEADFETCH_CALL_EXPIRED';

  constructor(id: string, until: number) {
    super(
      `The key of call ${id} ended at ${new Date(until).toISOString()}; find out what was done and add a new call if it was not`,
    );
  }
}

/** A PGlite folder is open in another process. Two at once would destroy it. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  readonly code = 'ERR_STEADFETCH_FOLDER_IN_USE';

  constructor(folder: string, pid: number) {
    super(`${folder} is open in process ${pid}; a PGlite folder belongs to one process at a time`);
  }
}
