/** A body as it is stored: text where it is text, so that people can read it. */
export type StoredBody = { readonly text: string } | { readonly base64: string };

/** All that is stored of a call. Plain JSON; no credentials. */
export interface StoredCall {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body?: StoredBody;
  /** The same on every sending. Absent: the method needs none. */
  readonly key?: string;
  /** Milliseconds from `add` during which the call may be sent; null: for ever. */
  readonly lifetime: number | null;
  /** Epoch milliseconds, by the database's clock; given where it can't be counted from `add` any more. */
  readonly until?: number;
  /** The name of one of the outbox's policies. */
  readonly policy?: string;
  readonly group?: string;
}

/** A call in the outbox, as its owner knows it. Plain JSON: it may be kept, or handed to another process. */
export interface Call {
  /** The same for as long as the call lives, in the queue, among the dead letters and after a replay. */
  readonly id: string;
  /** The method of the request. */
  readonly method: string;
  /** The whole URL. */
  readonly url: string;
  /** The same on every sending. Absent: the method needs none. */
  readonly idempotencyKey?: string;
  /** The name of one of the option `policies`. */
  readonly policy?: string;
  /** Calls of one group are sent one after the other. */
  readonly group?: string;
}

/** Ids are UUIDs. The database refuses to compare them with anything else. */
export function isId(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}

export function handleOf(id: string, { method, url, key, policy, group }: StoredCall): Call {
  return {
    id,
    method,
    url,
    ...(key !== undefined && { idempotencyKey: key }),
    ...(policy !== undefined && { policy }),
    ...(group !== undefined && { group }),
  };
}

/** Until when a call may be sent, in epoch milliseconds of the database's clock. */
export function untilOf({ until, lifetime }: StoredCall, addedAt: number): number {
  return until ?? (lifetime === null ? Number.POSITIVE_INFINITY : addedAt + lifetime);
}
