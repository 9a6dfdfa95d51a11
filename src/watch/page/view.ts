import type { Events } from '../../model/events.ts';
import type { BodyEnd } from '../../model/report.ts';
import type { CallLine, Hello, Tick, Told } from '../message.ts';

/** So many calls and changes are shown, the latest first. */
const SHOWN = 50;
/** Seconds that the charts show. */
export const SPAN = 120;

/** What the charts show of a moment. Rates are per second. */
export interface Moment {
  /** Epoch seconds. */
  readonly at: number;
  readonly good: number;
  readonly bad: number;
  readonly retries: number;
  readonly inFlight: number;
  readonly waiting: number;
}

/** All that is known of a process. */
export interface View {
  readonly hello: Hello | undefined;
  readonly isGone: boolean;
  readonly latest: Tick | undefined;
  readonly moments: readonly Moment[];
  readonly calls: readonly CallLine[];
  readonly changes: readonly Events['breaker'][];
  /** How bodies broke off, by call. */
  readonly broken: ReadonlyMap<string, BodyEnd>;
}

export const EMPTY: View = {
  hello: undefined,
  isGone: false,
  latest: undefined,
  moments: [],
  calls: [],
  changes: [],
  broken: new Map(),
};

/** The view after one more line. */
export function after(view: View, { line }: Told): View {
  if (line.kind === 'hello') return { ...view, hello: line };
  if (line.kind === 'bye') return { ...view, isGone: true };
  const calls = [...line.last.toReversed(), ...view.calls].slice(0, SHOWN);
  const shown = new Set(calls.map(({ id }) => id));
  const broken = [...view.broken, ...line.broken.map(({ id, end }) => [id, end] as const)];
  return {
    ...view,
    latest: line,
    moments: [...view.moments, momentOf(line, view.latest)].filter(({ at }) => at > line.at / 1_000 - SPAN),
    calls,
    changes: [...line.changes.toReversed(), ...view.changes].slice(0, SHOWN),
    broken: new Map(broken.filter(([id]) => shown.has(id))),
  };
}

function momentOf({ at, calls, good, retries, scopes }: Tick, before: Tick | undefined): Moment {
  const seconds = before === undefined ? 1 : Math.max(0.001, (at - before.at) / 1_000);
  return {
    at: at / 1_000,
    good: good / seconds,
    bad: (calls - good) / seconds,
    retries: retries / seconds,
    inFlight: scopes.reduce((sum, { inFlight }) => sum + inFlight, 0),
    waiting: scopes.reduce((sum, { waiting }) => sum + waiting, 0),
  };
}
