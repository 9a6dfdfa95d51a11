/** What came of it, second by second. A call belongs to the second in which it began. */
export interface Outcome {
  readonly calls: readonly number[];
  readonly good: readonly number[];
  /** Goes on for as long as calls do that began in the last second. */
  readonly sends: readonly number[];
  /** Breakers that are open at the end of the second. */
  readonly open: readonly number[];
}

/** What one client came to. */
export interface Measures {
  /** The share of all calls that ended well. */
  readonly success: number;
  /** The same, of the last third of the time. */
  readonly late: number;
  readonly recovered: boolean;
  /** Requests per call. */
  readonly load: number;
}

/** What the lab's page hears while it computes, and of the last time for each client `measures`. */
export interface Progress {
  readonly client: string;
  /** So many seconds are over. */
  readonly seconds: number;
  readonly outcome: Outcome;
  readonly measures?: Measures;
}
