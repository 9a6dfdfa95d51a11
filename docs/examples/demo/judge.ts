import type { Sent, Told } from './load.ts';
import type { LedgerPage } from './service.ts';

/** The results of one client for all orders. */
export interface Tally {
  readonly once: number;
  readonly twice: number;
  /** The caller got a failure, although the order is booked. */
  readonly lostSuccess: number;
  /** The caller got a success, although the order is not booked. */
  readonly falseSuccess: number;
  readonly notBooked: number;
  /** Requests that the client made. */
  readonly requests: number;
  /** Those that it made while nothing listened. */
  readonly inOutage: number;
  /** Quantiles of the callers' waits, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Compares what the callers were told with what the service booked. */
export function judge({ told, requests }: Sent, { orders }: Pick<LedgerPage, 'orders'>): Tally {
  const bookings = new Map(orders.map(({ order, booked }) => [order, booked]));
  const booked = ({ order }: Told) => bookings.get(order) ?? 0;
  const count = (test: (one: Told) => boolean) => told.filter(test).length;
  const waits = told.map(({ wait }) => wait).sort((a, b) => a - b);
  return {
    once: count((one) => booked(one) === 1),
    twice: count((one) => booked(one) > 1),
    lostSuccess: count((one) => !one.ok && booked(one) > 0),
    falseSuccess: count((one) => one.ok && booked(one) === 0),
    notBooked: count((one) => booked(one) === 0),
    requests: requests.all,
    inOutage: requests.inOutage,
    p50: percentile(waits, 0.5),
    p99: percentile(waits, 0.99),
  };
}

/** Whether no order was booked twice, and no caller got a success for an order that is not booked. */
export function isFlawless({ twice, falseSuccess }: Tally): boolean {
  return twice === 0 && falseSuccess === 0;
}

/** By the nearest rank. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
