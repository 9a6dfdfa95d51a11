import type { Meter } from '@opentelemetry/api';
import type { Instrumentation } from '../model/instrumentation.ts';
import { END, FROM, GUARD, REASON, SCOPE, TO } from './attributes.ts';
import { boundedScope } from './bounded.ts';
import type { Listen } from './listen.ts';
import { placeOf } from './place.ts';
import { Tally } from './tally.ts';

/** Seconds: the boundaries of the semantic conventions for HTTP, and two longer ones, for calls that waited. */
const DURATION = {
  unit: 's',
  advice: {
    explicitBucketBoundaries: [
      0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 30,
    ],
  },
};

/** Counts and durations of calls and attempts. `docs/telemetry.md` has a table of each. */
export function metrics(meter: Meter): {
  instrumentation: Instrumentation;
  watch(listen: Listen): (() => void)[];
} {
  const ends: (() => void)[] = [];
  const counter = (name: string, unit: string, description: string) => {
    const tally = new Tally();
    ends.push(tally.tell(meter.createObservableCounter(name, { unit, description })));
    return tally;
  };
  const calls = counter(
    'steadfetch.calls',
    '{call}',
    'Logical calls that settled, by why they stopped and whether the request was sent',
  );
  const attempts = counter('steadfetch.attempts', '{attempt}', 'Attempts, by how they ended');
  const retries = counter('steadfetch.retries', '{retry}', 'Retries, by what went wrong before');
  const rejected = counter('steadfetch.rejected', '{attempt}', 'Attempts that a guard turned away');
  const bodies = counter('steadfetch.bodies', '{body}', 'Response bodies, by how they ended');
  const transitions = counter(
    'steadfetch.breaker.transitions',
    '{transition}',
    'Changes of a breaker’s state',
  );
  const active = new Tally();
  const activeCounter = meter.createObservableUpDownCounter('steadfetch.call.active', {
    unit: '{call}',
    description: 'Calls that are under way',
  });
  ends.push(active.tell(activeCounter));
  const callDuration = meter.createHistogram('steadfetch.call.duration', {
    ...DURATION,
    description: 'From the call to its response headers, or its error: attempts and pauses',
  });
  const attemptDuration = meter.createHistogram('steadfetch.attempt.duration', {
    ...DURATION,
    description: 'One attempt, to its response headers or its error',
  });

  const instrumentation: Instrumentation = {
    call(call) {
      const place = placeOf(call);
      active.add(1, place.attributes);
      return {
        end(report) {
          const { counted, timed } = place.call(report);
          active.add(-1, place.attributes);
          calls.add(1, counted);
          callDuration.record(report.duration / 1_000, timed);
        },
      };
    },
    attempt(start) {
      const place = placeOf(start);
      return {
        end(report) {
          const { counted, timed } = place.attempt(report);
          attempts.add(1, counted);
          attemptDuration.record(report.duration / 1_000, timed);
        },
      };
    },
  };

  const steps = new Map<string, { [name: string]: string }>();
  /** The attributes of a change, made once. */
  const stepOf = (scope: string, from: string, to: string) => {
    const key = `${from} ${to} ${scope}`;
    const known = steps.get(key) ?? { [SCOPE]: scope, [FROM]: from, [TO]: to };
    steps.set(key, known);
    return known;
  };

  function watch(listen: Listen): (() => void)[] {
    return [
      ...ends,
      listen('retry', (event) => retries.add(1, placeOf(event).with(REASON, event.reason))),
      listen('rejected', (event) => rejected.add(1, placeOf(event).with(GUARD, event.by))),
      listen('body', (event) => bodies.add(1, placeOf(event).with(END, event.end))),
      listen('breaker', ({ scope, from, to }) => transitions.add(1, stepOf(boundedScope(scope), from, to))),
    ];
  }

  return { instrumentation, watch };
}
