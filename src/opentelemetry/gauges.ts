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
  const all = [budget, active, waiting];

  const observe: BatchObservableCallback = (result) => {
    const sums = new Map<string, { budget: number | undefined; inFlight: number; waiting: number }>();
    for (const { scope, ...now } of scopes()) {
      // Those beyond the bound share a name.
      const name = boundedScope(scope);
      const sum = sums.get(name) ?? { budget: undefined, inFlight: 0, waiting: 0 };
      if (now.budget !== undefined) sum.budget = (sum.budget ?? 0) + now.budget;
      sum.inFlight += now.inFlight;
      sum.waiting += now.waiting;
      sums.set(name, sum);
    }
    for (const [name, sum] of sums) {
      const attributes = { 'steadfetch.scope': name };
      if (sum.budget !== undefined) result.observe(budget, sum.budget, attributes);
      result.observe(active, sum.inFlight, attributes);
      result.observe(waiting, sum.waiting, attributes);
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}
