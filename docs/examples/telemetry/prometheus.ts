import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { SteadFetch } from 'steadfetch';

/** In the place of what there is not: the status of a lost answer, the scope of a call without breaker and budget. */
const NONE = 'none';

/** Counts the calls of a client for Prometheus. The labels are bounded: rules and scopes, never paths. */
export function countCalls({ on }: Pick<SteadFetch, 'on'>, register: Registry): void {
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
  const breakers = new Gauge({
    name: 'steadfetch_breaker_open',
    help: '1 while a breaker is not closed',
    labelNames: ['scope'],
    registers,
  });

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
  on('breaker', ({ scope, to }) => breakers.set({ scope }, to === 'closed' ? 0 : 1));
}
