/** The outcome of a run, second by second. A call counts in the second in which it began. */
export interface Outcome {
  /** Calls that began. */
  readonly calls: readonly number[];
  /** Calls that succeeded. */
  readonly good: readonly number[];
  /** Requests that reached the service. This list goes on until the last calls have ended. */
  readonly sends: readonly number[];
  /** Breakers that are open at the end of the second. */
  readonly open: readonly number[];
}

/** The measures of one client. */
export interface Measures {
  /** The share of all calls that succeeded. */
  readonly success: number;
  /** The same share in the last third of the time. */
  readonly late: number;
  readonly recovered: boolean;
  /** Requests per call. */
  readonly load: number;
}

/** The messages to the lab's page during a run. The last message for each client has `measures`. */
export interface Progress {
  readonly client: string;
  /** Seconds that are over. */
  readonly seconds: number;
  readonly outcome: Outcome;
  readonly measures?: Measures;
}
