import type { AttemptReport } from 'steadfetch';
import type { Fault } from '../../../test/support/faults.ts';
import type { Told } from './load.ts';
import type { LedgerPage, OrderTruth } from './service.ts';

/** The story of the call that met the most faults and succeeded, in one line: its report next to the ledger. */
export function storyOf(told: readonly Told[], { orders }: LedgerPage): string | undefined {
  const saved = told
    .filter(({ ok, replayed }) => ok && replayed)
    .sort((a, b) => attemptsOf(b).length - attemptsOf(a).length || a.order - b.order);
  for (const one of saved) {
    const truth = orders.find(({ order }) => order === one.order);
    const attempts = attemptsOf(one);
    // Attempts and requests can be shown side by side only if each attempt reached the service.
    if (truth?.faults.length === attempts.length) return line(attempts, truth);
  }
  return undefined;
}

function attemptsOf({ report }: Told): readonly AttemptReport[] {
  return report?.attempts ?? [];
}

function line(attempts: readonly AttemptReport[], { order, booked, faults }: OrderTruth): string {
  const steps = attempts.map((attempt, index) => {
    const done = faults.slice(0, index).some(isBooked);
    return step(attempt, faults[index], done);
  });
  return `order ${order}: ${steps.join(' → ')} (replayed), ${booked === 1 ? 'one booking' : `${booked} bookings`}`;
}

/** Whether the work was done when this fault struck. */
function isBooked(fault: Fault): boolean {
  return ((fault.kind === 'slow' || fault.kind === 'cut') && fault.at === 'booked') || isBookedAnswer(fault);
}

function isBookedAnswer(fault: Fault): boolean {
  return fault.kind === 'answer' && fault.effect === 'done';
}

/** @param done whether an earlier request of the same call has done the work */
function step({ status }: AttemptReport, fault: Fault | undefined, done: boolean): string {
  if (fault?.kind === 'cut')
    return fault.at === 'booked' ? 'reset after booking' : 'reset before it was read';
  if (fault?.kind === 'slow')
    return done ? 'stalled' : `stalled ${fault.at === 'booked' ? 'after' : 'before'} booking`;
  if (fault && isBookedAnswer(fault)) return `${status} after booking`;
  return status !== undefined && status < 400 ? `answered ${status}` : `${status}`;
}
