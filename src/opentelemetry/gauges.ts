import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import type { BreakerState, ScopeSnapshot } from '../model/breaker.ts';
import { QUOTA, SCOPE, STATE } from './attributes.ts';
import { bounded, boundedScope } from './bounded.ts';

const STATES: readonly BreakerState[] = ['closed', 'open', 'half-open', 'isolated'];

const boundedQuota = bounded();

/** What the scopes of one name hold together; undefined: none of them has such a guard. */
interface Sum {
  budget?: number | undefined;
  limit?: number | undefined;
  queued?: number | undefined;
  /** By name: units that are left, and of a full one. */
  readonly quotas: Map<string, { remaining: number; limit?: number | undefined }>;
  inFlight: number;
  waiting: number;
  readonly breakers: BreakerState[];
}

/** Tells what a client's scopes hold, or those of all clients. */
type Describe = () => readonly ScopeSnapshot[];

/** What scopes hold, read when the meter's reader asks. */
export class ScopeGauges {
  readonly #sources = new Set<Describe>();
  /** Scopes whose breakers were told. An SDK repeats what it was told last, so a scope that is gone would stay open for ever. */
  readonly #told = new Set<string>();

  constructor(meter: Meter) {
    const gauge = (name: string, unit: string, description: string) =>
      meter.createObservableGauge(`steadfetch.${name}`, { unit: `{${unit}}`, description });
    const budget = gauge('budget.level', 'retry', 'Retries that may be had now');
    const active = gauge('attempt.active', 'attempt', 'Attempts that are under way');
    const waiting = gauge('call.waiting', 'call', 'Calls that wait for room');
    const limit = gauge('attempt.limit', 'attempt', 'Attempts that may be under way at once');
    const queued = gauge('call.queued', 'call', 'Calls that wait for their turn under that limit');
    const state = gauge(
      'breaker.state',
      'breaker',
      'Breakers in that state: 1 for the one that it is in, 0 for the others',
    );
    const quota = gauge('quota.remaining', 'unit', 'Requests or tokens that the server’s quota has left');
    const full = gauge('quota.limit', 'unit', 'Requests or tokens of a full quota');
    const all = [budget, active, waiting, limit, queued, state, quota, full];

    const observe: BatchObservableCallback = (result) => {
      const now = sums([...this.#sources].flatMap((describe) => describe()));
      for (const name of this.#told) if (!now.has(name)) now.set(name, nothing());
      for (const [name, sum] of now) {
        const attributes = { [SCOPE]: name };
        if (sum.budget !== undefined) result.observe(budget, sum.budget, attributes);
        if (sum.limit !== undefined) result.observe(limit, sum.limit, attributes);
        if (sum.queued !== undefined) result.observe(queued, sum.queued, attributes);
        for (const [one, left] of sum.quotas) {
          const whose = { [SCOPE]: name, [QUOTA]: one };
          result.observe(quota, left.remaining, whose);
          if (left.limit !== undefined) result.observe(full, left.limit, whose);
        }
        result.observe(active, sum.inFlight, attributes);
        result.observe(waiting, sum.waiting, attributes);
        if (sum.breakers.length > 0) this.#told.add(name);
        if (!this.#told.has(name)) continue;
        for (const one of STATES) {
          const count = sum.breakers.filter((other) => other === one).length;
          result.observe(state, count, { [SCOPE]: name, [STATE]: one });
        }
      }
    };
    meter.addBatchObservableCallback(observe, all);
  }

  /** @returns the function that takes them off again */
  watch(describe: Describe): () => void {
    this.#sources.add(describe);
    return () => this.#sources.delete(describe);
  }
}

function nothing(): Sum {
  return { inFlight: 0, waiting: 0, breakers: [], quotas: new Map() };
}

/** Those beyond the bound share a name, and so may those of several clients. */
function sums(scopes: readonly ScopeSnapshot[]): Map<string, Sum> {
  const found = new Map<string, Sum>();
  for (const { scope, breaker, ...now } of scopes) {
    const name = boundedScope(scope);
    const sum = found.get(name) ?? nothing();
    sum.budget = plus(sum.budget, now.budget);
    sum.limit = plus(sum.limit, now.limit);
    sum.queued = plus(sum.queued, now.queued);
    sum.inFlight += now.inFlight;
    sum.waiting += now.waiting;
    for (const { name: one, remaining, limit } of now.quotas ?? [])
      add(sum.quotas, boundedQuota(one), remaining, limit);
    if (breaker !== undefined) sum.breakers.push(breaker.state);
    found.set(name, sum);
  }
  return found;
}

function plus(sum: number | undefined, value: number | undefined): number | undefined {
  return value === undefined ? sum : (sum ?? 0) + value;
}

/** Several clients may know the same quota of one server: what the latest of them knows is the least that is left. */
function add(quotas: Sum['quotas'], name: string, remaining: number, limit: number | undefined): void {
  const known = quotas.get(name);
  quotas.set(name, {
    remaining: Math.min(known?.remaining ?? remaining, remaining),
    limit: limit ?? known?.limit,
  });
}
