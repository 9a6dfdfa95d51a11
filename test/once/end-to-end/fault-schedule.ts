import { createHash } from 'node:crypto';
import { everyFault, type Fault } from '../../support/faults.ts';

/** The attempt timeout, in milliseconds. */
export const PATIENCE = 300;
/** Longer than the attempt timeout. */
const STALL = PATIENCE + 100;
/** Every second of an order's first requests meets a fault. A caller that repeats its request succeeds in the end. */
const SHARE = 0.5;
const ROUGH = 8;

/** All faults on the wire, except answers of an intermediary in the service's name: against these there is no protection. */
const faults: readonly Fault[] = [
  ...everyFault.filter((fault) => fault.kind !== 'answer' || (fault.status !== 404 && fault.status !== 200)),
  { kind: 'slow', at: 'request', ms: STALL },
  { kind: 'slow', at: 'booked', ms: STALL },
];

/** The faults of the service itself. Each strikes one run of its handler in `RARITY`. */
export type HandlerFault = 'slow' | 'throws' | 'unavailable';
const RARITY = 25;
const handlerFaults: readonly HandlerFault[] = ['slow', 'throws', 'unavailable'];

/** What happens on the wire to the n-th request for an order: the same for the same seed. */
export function faultFor(seed: number, order: string, nth: number): Fault | undefined {
  const place = roll(`${seed} order ${order} request ${nth}`) / SHARE;
  return nth > ROUGH ? undefined : faults[Math.floor(place * faults.length)];
}

/** What happens in the service at the n-th run of its handler for an order. */
export function handlerFaultFor(seed: number, order: string, nth: number): HandlerFault | undefined {
  return handlerFaults[Math.floor(roll(`${seed} order ${order} run ${nth}`) * RARITY)];
}

/** How long a slow handler takes, in milliseconds. */
export const SLOW = STALL;

/** From 0 up to 1; the same for the same subject. */
function roll(subject: string): number {
  return createHash('sha256').update(subject).digest().readUInt32BE() / 2 ** 32;
}
