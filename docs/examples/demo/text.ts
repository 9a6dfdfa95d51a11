import type { Tally } from './judge.ts';
import type { Told } from './load.ts';
import { GAP, OUTAGE } from './world.ts';

/** Announces the run. */
export function introduction(seed: number, orders: number): string {
  const outage = (((OUTAGE.to + 1 - OUTAGE.from) * GAP) / 1_000).toFixed(1);
  return `${orders} orders, one every ${GAP} ms, each through three clients side by side (seed ${seed}):
  bare fetch  fetch and nothing else
  retry loop  3 tries, 2 s for each, 1 s between them, no key
  steadfetch  createFetch() with its defaults
Each has a payment service of its own. It books in a database (PGlite), behind
\`idempotent\`: key and charge in one transaction. All three fail in the same
places: resets, stalls, 500s and 503s, before and after the charge is booked.
From order ${OUTAGE.from} on nothing listens for ${outage} s; after that all is well for a while.
`;
}

/** Explains the numbers. */
export function explanation(steadfetch: readonly Told[]): string {
  return `"booked" is what the service's ledger says, "told" what the caller saw. To be checked by
hand: told "failed" though it is booked. ${reasons(steadfetch)}`;
}

interface Result {
  readonly name: string;
  readonly tally: Tally;
}

/** The last lines: which client won, and why. */
export function outcome(results: readonly Result[]): string {
  const [best, ...others] = [...results].sort((a, b) => points(b.tally) - points(a.tally));
  if (best === undefined) return '';
  const rest = others.map(({ name, tally }) => `${name} ${tally.once}, ${tally.twice} twice`).join('; ');
  return `${best.name} wins: ${best.tally.once} orders booked exactly once, ${best.tally.twice} twice (${rest}).
${reasonOf(best, others)}`;
}

/** An order that is booked once counts. An order that is booked twice has to be found and paid back. */
function points({ once, twice }: Tally): number {
  return once - twice;
}

function reasonOf({ name, tally }: Result, others: readonly Result[]): string {
  if (name !== 'steadfetch')
    return 'This was not the day of steadfetch: docs/storms.md says what it is made for.';
  const rest = others.map((other) => `${other.name} ${other.tally.inOutage}`).join(', ');
  return `Its calls waited in the outage: it sent ${tally.inOutage} requests there (${rest}).
Each repeat carried the key of the first attempt.`;
}

/** Why steadfetch's calls failed, by their own reports. */
function reasons(steadfetch: readonly Told[]): string {
  const counts = new Map<string, number>();
  for (const { ok, report } of steadfetch) {
    if (!ok && report) counts.set(report.stopped, (counts.get(report.stopped) ?? 0) + 1);
  }
  if (counts.size === 0) return 'No call of steadfetch failed.';
  const list = [...counts].map(([stopped, count]) => `${stopped} ${count}`).join(', ');
  return `What stopped steadfetch's
failed calls: ${list}.`;
}
