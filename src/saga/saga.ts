import { PolicyError } from '../model/errors.ts';
import type { SteadInit } from '../model/options.ts';
import { fail, isFunction, isPlainObject, members, only } from '../options/checks.ts';
import { time } from '../outbox/shared-options.ts';

/** What `fetch` takes, without what a saga decides: the key is made of saga, id, step and direction. */
export type StepInit = Omit<SteadInit, 'idempotencyKey'>;

/** What a step is given. */
export interface StepContext<Input> {
  /** The id that the saga was started with. */
  readonly id: string;
  /** What the saga was started with. */
  readonly input: Input;
  /** What the steps before it returned, by name, as JSON keeps it. In an undo: what its own step returned, too. */
  readonly results: Readonly<Record<string, unknown>>;
  /**
   * Calls a service, under a key that is the same after a crash. Resolves with an answer below 400. All else throws:
   * leave that to the saga, which calls again later, or goes back if the answer is final.
   */
  call(url: string | URL, init?: StepInit): Promise<Response>;
  /** Turns the saga back, as a service's final refusal would. */
  refuse(reason: string): never;
}

/**
 * A step forward, and how it is taken back. Both may run more than once, after a crash: so what they do to the world
 * they do through `call`, or else in a way that can be repeated. What is returned is kept as JSON; a Response as its
 * JSON body, if it has one.
 */
export interface SagaStep<Input> {
  /** The step itself. What it returns is kept; what it throws, if final, turns the saga back. */
  readonly run: (context: StepContext<Input>) => unknown;
  /** Left out where there is nothing to take back. Keeps being tried for ever: it must not need what may never be. */
  readonly undo?: (context: StepContext<Input>) => unknown;
}

/** What a saga may be given besides its steps. */
export interface SagaSettings {
  /**
   * How long a step is tried, from the start of the saga, before the saga goes back: milliseconds.
   * @default 86400000 (a day, which is what most services remember a key for)
   */
  readonly patience?: number;
}

/** Steps that are done in this order, all of them or, in effect, none. */
export interface Saga<Input> {
  /** The name by which a saga in flight finds its code. */
  readonly name: string;
  /** The steps, in their order. */
  readonly steps: ReadonlyMap<string, SagaStep<Input>>;
  /** Milliseconds after which a saga that can’t go forward goes back. */
  readonly patience: number;
}

const settingsChecks = { patience: time };

/** Names that can't run into each other in a key, and that objects keep in the order in which they were written. */
const nameCheck = only(
  'a name of letters, digits, _ and -, that begins with a letter and is at most 64 long',
  (value): value is string => typeof value === 'string' && /^[A-Za-z][\w-]{0,63}$/.test(value),
);

/**
 * Names a saga and its steps. The names are what a saga in flight is found by: renaming one stops it.
 *
 * @throws PolicyError that names what is wrong and what is allowed
 * @example
 * const trip = saga<Trip>('trip', {
 *   hotel: {
 *     run: ({ call, input }) => call(`${HOTELS}/bookings`, { method: 'POST', body: JSON.stringify(input) }),
 *     undo: ({ call, input }) => call(`${HOTELS}/cancellations`, { method: 'POST', body: JSON.stringify(input) }),
 *   },
 * });
 */
export function saga<Input = unknown>(
  name: string,
  steps: Readonly<Record<string, SagaStep<Input>>>,
  settings: SagaSettings = {},
): Saga<Input> {
  nameCheck(name, 'name');
  if (!isPlainObject(steps)) return fail('steps', 'a plain object with a step for each name', steps);
  const entries = Object.entries(steps);
  if (entries.length === 0) throw new PolicyError('steps', 'must have at least one step');
  for (const [step, parts] of entries) {
    nameCheck(step, `steps.${step}`);
    if (Object(parts) !== parts) fail(`steps.${step}`, 'an object with run, and perhaps undo', parts);
    const { run, undo, ...rest } = parts;
    if (!isFunction(run)) fail(`steps.${step}.run`, 'a function', run);
    if (undo !== undefined && !isFunction(undo)) fail(`steps.${step}.undo`, 'a function', undo);
    for (const member of Object.keys(rest)) {
      throw new PolicyError(`steps.${step}.${member}`, 'is not a part of a step; there are run, undo');
    }
  }
  const { patience = 86_400_000 } = members<{ patience: number }>(settings, '', '', settingsChecks, []);
  return Object.freeze({ name, steps: new Map(entries), patience });
}
