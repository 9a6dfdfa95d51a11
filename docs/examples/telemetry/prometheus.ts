import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ScopeSnapshot, SteadFetch } from 'steadfetch';

/** The label for a missing value: the status of a lost answer, the scope of a call without breaker and budget. */
const NONE = 'none';

/** What goes wrong with attempts, and the statuses that are most often to blame. */
const REASONS = ['network', 'timeout', 'status'] as const;
const STATUSES = [429, 500, 502, 503, 504] as const;
/** How a call is lost. */
const STOPPED = 'attempts deadline budget breaker limit unsafe aborted body policy'.split(' ');
const DELIVERIES = ['answered', 'unknown', 'not-sent'] as const;
const GUARDS = ['breaker', 'budget', 'limit', 'quota'] as const;
const ENDS = ['network', 'idle', 'total'] as const;
/** Methods that only read: nobody has to look whether such a call has had its effect. */
const READING = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY', 'TRACE']);
/** So many scopes are counted by themselves, the others together: strangers may choose the hosts. */
const MOST = 200;

/** Counts the calls of a client for Prometheus. The labels are bounded: rules and 200 scopes, never paths. */
export function countCalls({ on, scopes }: Pick<SteadFetch, 'on' | 'scopes'>, register: Registry): void {
  const registers = [register];
  const calls = new Counter({
    name: 'steadfetch_calls_total',
    help: 'Calls that settled',
    labelNames: ['scope', 'stopped', 'delivery'],
    registers,
  });
  const uncertain = new Counter({
    name: 'steadfetch_uncertain_total',
    help: 'Calls that do not only read, and may have had their effect: nobody knows',
    labelNames: ['scope'],
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

  const begun = new Set<string>();
  /** The label of a scope. At first sight its series begin. */
  const labelOf = (name = NONE): string => {
    const scope = begun.has(name) || begun.size < MOST ? name : 'other';
    if (!begun.has(scope)) begin(scope);
    begun.add(scope);
    return scope;
  };
  /**
   * In a counter that begins above 0 Prometheus sees no increase, and trouble often begins and ends between two scrapes. So what
   * tells of trouble begins at 0, with the first attempt of its scope.
   */
  const begin = (scope: string) => {
    for (const reason of REASONS) {
      retries.inc({ scope, reason }, 0);
      for (const status of reason === 'status' ? STATUSES : [NONE])
        attempts.inc({ scope, reason, status }, 0);
    }
    for (const stopped of STOPPED)
      for (const delivery of DELIVERIES) calls.inc({ scope, stopped, delivery }, 0);
    for (const by of GUARDS) rejected.inc({ scope, by }, 0);
    for (const end of ENDS) bodies.inc({ scope, end }, 0);
    uncertain.inc({ scope }, 0);
  };

  on('attempt-start', ({ scope }) => labelOf(scope));
  on('settled', ({ scope: name, method, stopped, delivery, duration: ms }) => {
    const scope = labelOf(name);
    calls.inc({ scope, stopped, delivery });
    duration.observe({ scope }, ms / 1_000);
    if (delivery === 'unknown' && !READING.has(method)) uncertain.inc({ scope });
  });
  on('attempt', ({ scope, attempt: { reason, status = NONE } }) =>
    attempts.inc({ scope: labelOf(scope), reason, status }),
  );
  on('retry', ({ scope, reason }) => retries.inc({ scope: labelOf(scope), reason }));
  on('rejected', ({ scope, by }) => rejected.inc({ scope: labelOf(scope), by }));
  on('body', ({ scope, end }) => bodies.inc({ scope: labelOf(scope), end }));
}
