import type { Instrumentation } from '../model/instrumentation.ts';
import { END, FROM, GUARD, REASON, SCOPE, TO } from './attributes.ts';
import { boundedScope } from './bounded.ts';
import type { Instruments } from './instruments.ts';
import type { Listen } from './listen.ts';
import { placeOf } from './place.ts';

/** Counts and durations of calls and attempts. `docs/telemetry.md` has a table of each. */
export function metrics({
  calls,
  active,
  attempts,
  retries,
  rejected,
  bodies,
  transitions,
  callDuration,
  attemptDuration,
}: Instruments): {
  instrumentation: Instrumentation;
  watch(listen: Listen): (() => void)[];
} {
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
      listen('retry', (event) => retries.add(1, placeOf(event).with(REASON, event.reason))),
      listen('rejected', (event) => rejected.add(1, placeOf(event).with(GUARD, event.by))),
      listen('body', (event) => bodies.add(1, placeOf(event).with(END, event.end))),
      listen('breaker', ({ scope, from, to }) => transitions.add(1, stepOf(boundedScope(scope), from, to))),
    ];
  }

  return { instrumentation, watch };
}
