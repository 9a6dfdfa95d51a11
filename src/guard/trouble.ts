import type { Departure } from './guard.ts';

/** The number of endpoints that are remembered. */
const MOST = 200;
/** Fewer failures in a row than this are no trouble yet: so many attempts may fail by chance. */
const FEW = 5;

/** What a call to an endpoint should know before it waits. */
export interface EndpointTrouble {
  /** Monotonic: since when calls to the endpoint have been failing, or were not even sent; `Infinity`: they are not in trouble. */
  readonly since: number;
  /** Whether other endpoints of the scope answer. */
  readonly isItsOwn: boolean;
}

interface Row {
  /** Monotonic: when the first of these attempts failed. */
  since: number;
  /** 0: the endpoint has answered since. Its row stays: a map whose only key comes and goes is built anew each few times. */
  failures: number;
}

/** How long the endpoints of a scope have been failing, without any answer in between. */
export class Trouble {
  #rows: Map<string, Row> | undefined;

  /** An attempt is over. */
  ended({
    outcome,
    reason,
    endpoint,
    now,
  }: Pick<Departure, 'outcome' | 'reason' | 'endpoint' | 'now'>): void {
    if (outcome === 'ignored') return;
    const row = this.#rows?.get(endpoint);
    if (outcome === 'success' && reason !== 'status') {
      if (row !== undefined) row.failures = 0;
    } else if (row === undefined) this.#begin(endpoint, now);
    else {
      if (row.failures === 0) row.since = now;
      row.failures += 1;
    }
  }

  /** Monotonic: since when the endpoint has been failing; `Infinity`: it is not. */
  since(endpoint: string): number {
    const row = this.#rows?.get(endpoint);
    return row === undefined || row.failures < FEW ? Number.POSITIVE_INFINITY : row.since;
  }

  #begin(endpoint: string, since: number): void {
    this.#rows ??= new Map();
    if (this.#rows.size >= MOST) this.#rows.clear();
    this.#rows.set(endpoint, { since, failures: 1 });
  }
}
