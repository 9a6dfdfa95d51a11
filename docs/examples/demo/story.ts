import type { AttemptReport } from 'steadfetch';
import type { Fault } from '../../../test/support/faults.ts';
import type { Told } from './load.ts';
import type { LedgerPage, OrderTruth } from './service-process.ts';

/** The call that was saved from the most: one line that holds its report against the ledger. */
export function storyOf(told: readonly Told[], { orders }: LedgerPage): string | undefined {
  const saved = told
    .filter(({ ok, replayed }) => ok && replayed)
    .sort((a, b) => attemptsOf(b).length - attemptsOf(a).length || a.order - b.order);
  for (const one of saved) {
    const truth = orders.find(({ order }) => order === one.order);
    const attempts = attemptsOf(one);
    // Attempts and requests can only be told side by side if each attempt reached the service.
    if (truth?.faults.length === attempts.length) return line(attempts, truth);
  }
  return undefined;
}

function attemptsOf({ report }: Told): readonly AttemptReport[] {
  return report?.attempts ?? [];
}

function line(attempts: readonly AttemptReport[], { order, booked, faults }: OrderTruth): string {
  const steps = attempts.map((attempt, index) => {
    const begun = faults.slice(0, index).some(beginsWork);
    return step(attempt, faults[index], begun);
  });
  return `order ${order}: ${steps.join(' → ')} (replayed), ${booked === 1 ? 'one booking' : `${booked} bookings`}`;
}

function beginsWork(fault: Fault): boolean {
  return fault.kind === 'slow' || (fault.kind === 'cut' && fault.at === 'booked') || isBookedAnswer(fault);
}

function isBookedAnswer(fault: Fault): boolean {
  return fault.kind === 'answer' && fault.effect === 'done';
}

/** @param begun an earlier request of the same call has begun the work */
function step({ status }: AttemptReport, fault: Fault | undefined, begun: boolean): string {
  if (fault?.kind === 'cut')
    return fault.at === 'booked' ? 'reset after booking' : 'reset before it was read';
  if (fault?.kind === 'slow')
    return begun ? 'stalled' : `stalled ${fault.at === 'booked' ? 'after' : 'before'} booking`;
  if (fault && isBookedAnswer(fault)) return `${status} after booking`;
  if (status === 409) return '409, still at work';
  return status !== undefined && status < 400 ? `answered ${status}` : `${status}`;
}
