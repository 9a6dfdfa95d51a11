/** One call of the benchmark. */
export interface Call {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** JSON. */
  readonly body: string | undefined;
}

/** Makes a call and reads its body as JSON. */
export type Send = (call: Call) => Promise<unknown>;

/** One way to make a call. */
export interface Row {
  readonly name: string;
  /** Loads what the row needs, and nothing else: each row runs in a process of its own. */
  make(origin: string): Promise<Send>;
}

/** What a call may take at most, in milliseconds: where a row other than steadfetch's has a timeout, this is it. */
export const TIMEOUT = 1_000;
/** Retries after the first attempt, where a row has retries. */
export const RETRIES = 3;

/** What is given to `fetch` and its like. Made anew for each call, as callers do. */
export interface Init {
  method?: Call['method'];
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
}

export function initOf({ method, body }: Call): Init {
  if (body === undefined) return {};
  return { method, headers: { 'content-type': 'application/json' }, body };
}
