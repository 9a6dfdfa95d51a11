import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ScopeSnapshot, SteadFetch } from 'steadfetch';

/** The label for a missing value: the status of a lost answer, the scope of a call without breaker and budget. */
const NONE = 'none';

/** Counts the calls of a client for Prometheus. The labels are bounded: rules and scopes, never paths. */
export function countCalls({ on, scopes }: Pick<SteadFetch, 'on' | 'scopes'>, register: Registry): void {
  const registers = [register];
  const calls = new Counter({
    name: 'steadfetch_calls_total',
    help: 'Calls that settled',
    labelNames: ['scope', 'stopped', 'delivery'],
    registers,
  });
  const duration = new Histogram({
    name: 'steadfetch_call_duration_seconds',
    help: 'Attempts and pauses',
    labelNames: ['scope'],
    registers,
  });
  const attempts = new Counter({
    name: 'steadfetch_attempts_total',
    help: 'Attempts',
    labelNames: ['scope', 'reason', 'status'],
    registers,
  });
  const retries = new Counter({
    name: 'steadfetch_retries_total',
    help: 'Retries',
    labelNames: ['scope', 'reason'],
    registers,
  });
  const rejected = new Counter({
    name: 'steadfetch_rejected_total',
    help: 'Attempts that a guard turned away',
    labelNames: ['scope', 'by'],
    registers,
  });
  const bodies = new Counter({
    name: 'steadfetch_bodies_total',
    help: 'Response bodies',
    labelNames: ['scope', 'end'],
    registers,
  });
  /** Read when Prometheus asks. A scope that the client has forgotten has no value. */
  const gauge = (name: string, help: string, read: (scope: ScopeSnapshot) => number | undefined) =>
    new Gauge({
      ...{ name, help, labelNames: ['scope'], registers },
      collect() {
        this.reset();
        for (const snapshot of scopes()) {
          const value = read(snapshot);
          if (value !== undefined) this.set({ scope: snapshot.scope }, value);
        }
      },
    });
  gauge(
    'steadfetch_breaker_open',
    '1 while a breaker is not closed, else 0',
    ({ breaker }) => breaker && Number(breaker.state !== 'closed'),
  );
  gauge('steadfetch_budget_retries', 'Retries that may be had now', ({ budget }) => budget);
  gauge('steadfetch_in_flight', 'Attempts under way', ({ inFlight }) => inFlight);
  new Gauge({
    name: 'steadfetch_quota_remaining',
    help: 'Requests or tokens that the server’s quota has left',
    labelNames: ['scope', 'quota'],
    registers,
    collect() {
      this.reset();
      for (const { scope, quotas = [] } of scopes()) {
        for (const { name: quota, remaining } of quotas) this.set({ scope, quota }, remaining);
      }
    },
  });
  gauge('steadfetch_waiting', 'Calls that wait for room', ({ waiting }) => waiting);

  on('settled', ({ scope = NONE, stopped, delivery, duration: ms }) => {
    calls.inc({ scope, stopped, delivery });
    duration.observe({ scope }, ms / 1_000);
  });
  on('attempt', ({ scope = NONE, attempt: { reason, status = NONE } }) =>
    attempts.inc({ scope, reason, status }),
  );
  on('retry', ({ scope = NONE, reason }) => retries.inc({ scope, reason }));
  on('rejected', ({ scope = NONE, by }) => rejected.inc({ scope, by }));
  on('body', ({ scope = NONE, end }) => bodies.inc({ scope, end }));
}
