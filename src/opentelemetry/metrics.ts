import type { Meter } from '@opentelemetry/api';
import type { Instrumentation } from '../model/instrumentation.ts';
import { attemptAttributes, boundedScope, callAttributes, outcomeAttributes } from './attributes.ts';
import type { Listen } from './listen.ts';

/** Seconds: the boundaries of the semantic conventions for HTTP, and two longer ones, for calls that waited. */
const DURATION = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 30,
    ],
  },
};

/** Counts and durations of calls and attempts, and the state of each breaker. `docs/telemetry.md` has a table of each. */
export function metrics(meter: Meter): {
  instrumentation: Instrumentation;
  watch(listen: Listen): (() => void)[];
} {
  const calls = meter.createCounter('steadfetch.calls', {
    unit: '{call}',
    description: 'Logical calls that settled, by why they stopped and whether the request was sent',
  });
  const callDuration = meter.createHistogram('steadfetch.call.duration', {
    ...DURATION,
    description: 'From the call to its response headers, or its error: attempts and pauses',
  });
  const active = meter.createUpDownCounter('steadfetch.call.active', {
    unit: '{call}',
    description: 'Calls that are under way',
  });
  const attempts = meter.createCounter('steadfetch.attempts', {
    unit: '{attempt}',
    description: 'Attempts, by how they ended',
  });
  const attemptDuration = meter.createHistogram('steadfetch.attempt.duration', {
    ...DURATION,
    description: 'One attempt, to its response headers or its error',
  });
  const retries = meter.createCounter('steadfetch.retries', {
    unit: '{retry}',
    description: 'Retries, by what went wrong before',
  });
  const rejected = meter.createCounter('steadfetch.rejected', {
    unit: '{attempt}',
    description: 'Attempts that a guard turned away',
  });
  const bodies = meter.createCounter('steadfetch.bodies', {
    unit: '{body}',
    description: 'Response bodies, by how they ended',
  });
  const transitions = meter.createCounter('steadfetch.breaker.transitions', {
    unit: '{transition}',
    description: 'Changes of a breaker’s state',
  });
  const state = meter.createUpDownCounter('steadfetch.breaker.state', {
    unit: '1',
    description: '1 for each breaker that is in that state; a closed one has no series',
  });

  const instrumentation: Instrumentation = {
    call(call, run, report) {
      const attributes = callAttributes(call);
      active.add(1, attributes);
      return run().finally(() => {
        const told = report();
        const outcome = { ...attributes, ...outcomeAttributes(told) };
        active.add(-1, attributes);
        calls.add(1, outcome);
        callDuration.record(told.duration / 1_000, outcome);
      });
    },
    attempt: (_start, run) => run(),
  };

  function watch(listen: Listen): (() => void)[] {
    return [
      listen('attempt', ({ attempt, ...call }) => {
        const attributes = { ...callAttributes(call), ...attemptAttributes(attempt) };
        attempts.add(1, attributes);
        attemptDuration.record(attempt.duration / 1_000, attributes);
      }),
      listen('retry', ({ reason, ...call }) => {
        retries.add(1, { ...callAttributes(call), 'steadfetch.reason': reason });
      }),
      listen('rejected', ({ by, ...call }) => {
        rejected.add(1, { ...callAttributes(call), 'steadfetch.guard': by });
      }),
      listen('body', ({ end, ...call }) => {
        bodies.add(1, { ...callAttributes(call), 'steadfetch.end': end });
      }),
      listen('breaker', ({ scope, from, to }) => {
        const name = boundedScope(scope);
        transitions.add(1, { 'steadfetch.scope': name, 'steadfetch.from': from, 'steadfetch.to': to });
        if (from !== 'closed') state.add(-1, { 'steadfetch.scope': name, 'steadfetch.state': from });
        if (to !== 'closed') state.add(1, { 'steadfetch.scope': name, 'steadfetch.state': to });
      }),
    ];
  }

  return { instrumentation, watch };
}
