import { createHash } from 'node:crypto';
import { type Fault, ok } from '../../../test/support/faults.ts';

/** The time from one order to the next, in milliseconds. */
export const GAP = 30;

/** The orders, counted from 1, that come during the outage. */
export const OUTAGE = { from: 50, to: 216 };

/** These orders meet no fault but the outage, so that its effect on each client can be seen. */
const CALM = { from: OUTAGE.from, to: 300 };

/** The faults. Each strikes one request in this many. */
const RARITY = 50;
const faults: readonly ((dice: number) => Fault)[] = [
  () => ({ kind: 'cut', at: 'head', how: 'reset' }),
  () => ({ kind: 'cut', at: 'booked', how: 'reset' }),
  (dice) => ({ kind: 'slow', at: 'request', ms: stall(dice) }),
  (dice) => ({ kind: 'slow', at: 'booked', ms: stall(dice) }),
  () => ({ kind: 'answer', status: 500, effect: 'done' }),
];

/** Once in every `every` orders, a few neighbours meet a burst of 503s, which outlasts `tries` tries. */
const BURST = { every: 100, orders: 5, tries: 2 };

/** The fault of the n-th request for an order: the same for every client. */
export function faultFor(seed: number, order: number, nth: number): Fault {
  if (order >= CALM.from && order <= CALM.to) return ok;
  if (nth <= BURST.tries && isInBurst(seed, order)) return unavailable(order);
  const request = `order ${order} request ${nth}`;
  const fault = faults[Math.floor(roll(seed, request) * RARITY)];
  return fault === undefined ? ok : fault(roll(seed, `${request} dice`));
}

function isInBurst(seed: number, order: number): boolean {
  const start = Math.floor(roll(seed, `burst ${burstOf(order)}`) * (BURST.every - BURST.orders));
  const place = (order % BURST.every) - start;
  return place >= 0 && place < BURST.orders;
}

/** Every second burst has a Retry-After. */
function unavailable(order: number): Fault {
  const polite = burstOf(order) % 2 === 0;
  return { kind: 'answer', status: 503, ...(polite && { headers: { 'retry-after': '1' } }) };
}

function burstOf(order: number): number {
  return Math.floor(order / BURST.every);
}

/** Longer than the two seconds of the loop's timeout, but not endless. */
function stall(dice: number): number {
  return Math.round(2_100 + dice * 900);
}

/** Uniform in [0, 1); the same for the same seed and subject. */
function roll(seed: number, subject: string): number {
  return createHash('sha256').update(`${seed} ${subject}`).digest().readUInt32BE() / 2 ** 32;
}
