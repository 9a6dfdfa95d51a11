import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import type { SteadFetch } from '../model/client.ts';
import { boundedScope } from './attributes.ts';

/** What a client's scopes hold, read when the meter's reader asks. Of one client: a process has no list of its clients. */
export function watchScopes(meter: Meter, { scopes }: Pick<SteadFetch, 'scopes'>): () => void {
  const budget = meter.createObservableGauge('steadfetch.budget.level', {
    unit: '{retry}',
    description: 'Retries that may be had now',
  });
  const active = meter.createObservableGauge('steadfetch.attempt.active', {
    unit: '{attempt}',
    description: 'Attempts that are under way',
  });
  const waiting = meter.createObservableGauge('steadfetch.call.waiting', {
    unit: '{call}',
    description: 'Calls that wait for room',
  });
  const limit = meter.createObservableGauge('steadfetch.attempt.limit', {
    unit: '{attempt}',
    description: 'Attempts that may be under way at once',
  });
  const queued = meter.createObservableGauge('steadfetch.call.queued', {
    unit: '{call}',
    description: 'Calls that wait for their turn under that limit',
  });
  const all = [budget, active, waiting, limit, queued];

  const observe: BatchObservableCallback = (result) => {
    const sums = new Map<string, Sum>();
    for (const { scope, ...now } of scopes()) {
      // Those beyond the bound share a name.
      const name = boundedScope(scope);
      const sum = sums.get(name) ?? { inFlight: 0, waiting: 0 };
      sum.budget = plus(sum.budget, now.budget);
      sum.limit = plus(sum.limit, now.limit);
      sum.queued = plus(sum.queued, now.queued);
      sum.inFlight += now.inFlight;
      sum.waiting += now.waiting;
      sums.set(name, sum);
    }
    for (const [name, sum] of sums) {
      const attributes = { 'steadfetch.scope': name };
      if (sum.budget !== undefined) result.observe(budget, sum.budget, attributes);
      if (sum.limit !== undefined) result.observe(limit, sum.limit, attributes);
      if (sum.queued !== undefined) result.observe(queued, sum.queued, attributes);
      result.observe(active, sum.inFlight, attributes);
      result.observe(waiting, sum.waiting, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** What the scopes of one name hold together; undefined: none of them has such a guard. */
interface Sum {
  budget?: number | undefined;
  limit?: number | undefined;
  queued?: number | undefined;
  inFlight: number;
  waiting: number;
}

function plus(sum: number | undefined, value: number | undefined): number | undefined {
  return value === undefined ? sum : (sum ?? 0) + value;
}
