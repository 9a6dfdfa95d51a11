import type { Histogram, Meter, MeterProvider } from '@opentelemetry/api';
import type { Instrumentation } from '../model/instrumentation.ts';
import { ScopeGauges } from './gauges.ts';
import { Shared } from './shared.ts';
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

/** Puts an instrumentation around the calls of a client, or of all clients. */
export type AddInstrumentation = (instrumentation: Instrumentation) => () => void;

/** What is counted and measured. */
export interface Instruments {
  readonly calls: Tally;
  readonly active: Tally;
  readonly attempts: Tally;
  readonly retries: Tally;
  readonly rejected: Tally;
  readonly bodies: Tally;
  readonly transitions: Tally;
  readonly callDuration: Histogram;
  readonly attemptDuration: Histogram;
  readonly gauges: ScopeGauges;
  /** Whose calls are counted, by how they are listened to: a client that is instrumented twice is counted once. */
  readonly users: Shared<AddInstrumentation>;
}

const known = new WeakMap<MeterProvider, Instruments>();

/**
 * The instruments of a provider, the same for all clients that are measured with it. With counters of their own, two clients of
 * one service would tell the SDK two counts for the same attributes, and it keeps the last.
 */
export function instrumentsOf(provider: MeterProvider): Instruments {
  const made = known.get(provider) ?? make(provider.getMeter('steadfetch'));
  known.set(provider, made);
  return made;
}

function make(meter: Meter): Instruments {
  const counter = (name: string, unit: string, description: string) =>
    new Tally(meter.createObservableCounter(`steadfetch.${name}`, { unit: `{${unit}}`, description }));
  const duration = (name: string, description: string) =>
    meter.createHistogram(`steadfetch.${name}.duration`, { ...DURATION, description });
  return {
    calls: counter(
      'calls',
      'call',
      'Logical calls that settled, by why they stopped and whether the request was sent',
    ),
    active: new Tally(
      meter.createObservableUpDownCounter('steadfetch.call.active', {
        unit: '{call}',
        description: 'Calls that are under way',
      }),
    ),
    attempts: counter('attempts', 'attempt', 'Attempts, by how they ended'),
    retries: counter('retries', 'retry', 'Retries, by what went wrong before'),
    rejected: counter('rejected', 'attempt', 'Attempts that a guard turned away'),
    bodies: counter('bodies', 'body', 'Response bodies, by how they ended'),
    transitions: counter('breaker.transitions', 'transition', 'Changes of a breaker’s state'),
    callDuration: duration(
      'call',
      'From the call to its response headers, or its error: attempts and pauses',
    ),
    attemptDuration: duration('attempt', 'One attempt, to its response headers or its error'),
    gauges: new ScopeGauges(meter),
    users: new Shared(),
  };
}
