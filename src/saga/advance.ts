import type { Delivery } from '../model/failure.ts';
import type { Caller, StepId } from './caller.ts';
import { MissingStepError, StepRefusedError } from './errors.ts';
import { BusyError, type Journal } from './journal.ts';
import { NONE, type Refusals, refusalsOf } from './refusals.ts';
import type { Saga, SagaStep } from './saga.ts';

/** The decision to go back, recorded once: whatever comes to light later, the saga does not turn again. */
interface Back {
  /** The step at which it turned, and whether that one is taken back, too. */
  readonly step: string;
  readonly undo: boolean;
  readonly why: 'refused' | 'patience';
}

/** Where a saga stands after it was carried on. */
export type Standing =
  | { readonly state: 'whole' }
  | { readonly state: 'taken-back'; readonly step: string; readonly why: Back['why'] }
  | {
      /** `'stuck'`: it is being taken back, and can't; or the code that it needs is missing. A person should look. */
      readonly state: 'forward' | 'stuck';
      readonly step: string;
      readonly direction: StepId['direction'];
      readonly delivery: Delivery;
      readonly error: unknown;
    };

/** One saga in flight. */
export interface Flight {
  readonly saga: Saga<unknown>;
  readonly id: string;
  readonly input: unknown;
  readonly journal: Journal;
  readonly callerOf: (step: StepId, refusals: Pick<Refusals, 'count'>) => Caller;
  /** Whether its patience is over. */
  readonly isOverdue: () => boolean;
  /** What is known of earlier tries of the step that is being tried; undefined: nothing. */
  readonly earlier: { readonly step: string; readonly delivery: Delivery } | undefined;
}

/**
 * Carries a saga on as far as it goes now. What was done before is read from the journal, not done again.
 * @throws BusyError Another process is at it.
 */
export async function advance(flight: Flight): Promise<Standing> {
  const { saga, journal } = flight;
  const started = await startedSteps(journal);
  const missing = started.find((name) => !saga.steps.has(name));
  if (missing !== undefined) {
    const error = new MissingStepError(
      `saga ${saga.name} has started the step ${missing}, which the code does not have`,
    );
    return { state: 'stuck', step: missing, direction: 'run', delivery: 'not-sent', error };
  }
  const back = await journal.find<Back>('back');
  return back === undefined ? await goForward(flight, started) : await goBack(flight, started, back.value);
}

/** The step that was started, or null: the saga went back, and no step is started any more. */
type Start = string | null;

/** In the order in which they were started. */
async function startedSteps(journal: Journal): Promise<string[]> {
  const started: string[] = [];
  for (;;) {
    const entry = await journal.find<Start>(`start ${started.length}`);
    if (entry === undefined || entry.value === null) return started;
    started.push(entry.value);
  }
}

/** @throws BusyError Another process took this one for dead, and has gone another way meanwhile. */
async function start(journal: Journal, name: string, started: string[]): Promise<void> {
  const entry = await journal.once<Start>(`start ${started.length}`, () => name);
  if (entry !== name) throw new BusyError(0);
  started.push(name);
}

/**
 * From here on a process that was taken for dead, and wakes up, can't start a step.
 * @returns the steps that were started, with those that such a process has started meanwhile
 */
async function startNoMore(journal: Journal, started: readonly string[]): Promise<string[]> {
  const all = [...started];
  for (;;) {
    const entry = await journal.once<Start>(`start ${all.length}`, () => null);
    if (entry === null) return all;
    all.push(entry);
  }
}

async function goForward(flight: Flight, started: string[]): Promise<Standing> {
  const { saga, journal, isOverdue } = flight;
  const results: Record<string, unknown> = {};
  for (const [name, step] of saga.steps) {
    const isNew = !started.includes(name);
    const done = isNew ? undefined : await journal.find(`run ${name}`);
    if (done !== undefined) {
      results[name] = done.value;
      continue;
    }
    if (isOverdue())
      return await turn(flight, started, name, 'patience', !isNew && mayHaveDone(flight, name));
    // Before it runs: what may have been done can be taken back from here on.
    if (isNew) await start(journal, name, started);
    const caller = flight.callerOf({ saga: saga.name, id: flight.id, step: name, direction: 'run' }, NONE);
    try {
      results[name] = await journal.once(`run ${name}`, async () =>
        checkJson(await perform(step.run, flight, caller, results)),
      );
    } catch (error) {
      if (error instanceof BusyError) throw error;
      // A step that makes no call works in a way that is not seen here.
      const delivery = worse(
        caller.isUsed ? caller.delivery : 'unknown',
        isNew ? 'not-sent' : earlierDelivery(flight, name),
      );
      if (!isRefusal(error)) return { state: 'forward', step: name, direction: 'run', delivery, error };
      // What was refused was not done; but of several calls, others may have been.
      return await turn(flight, started, name, 'refused', caller.delivery !== 'not-sent');
    }
  }
  return { state: 'whole' };
}

async function turn(
  flight: Flight,
  started: readonly string[],
  step: string,
  why: Back['why'],
  undo: boolean,
): Promise<Standing> {
  const back = await flight.journal.once<Back>('back', () => ({ step, undo, why }));
  return await goBack(flight, started, back);
}

async function goBack(flight: Flight, before: readonly string[], back: Back): Promise<Standing> {
  const { saga, journal } = flight;
  const started = await startNoMore(journal, before);
  for (const name of [...started].reverse()) {
    const undo = saga.steps.get(name)?.undo;
    if (undo === undefined || (name === back.step && !back.undo)) continue;
    const refusals = refusalsOf(journal, name);
    const caller = flight.callerOf(
      { saga: saga.name, id: flight.id, step: name, direction: 'undo' },
      refusals,
    );
    try {
      const results = await resultsOf(journal, started);
      // What an undo returns is not kept: no step reads it.
      await journal.once(`undo ${name}`, async () => void (await perform(undo, flight, caller, results)));
    } catch (error) {
      if (error instanceof BusyError) throw error;
      for (const call of caller.refused) await refusals.add(call);
      return { state: 'stuck', step: name, direction: 'undo', delivery: caller.delivery, error };
    }
  }
  return { state: 'taken-back', step: back.step, why: back.why };
}

async function resultsOf(journal: Journal, started: readonly string[]): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {};
  for (const name of started) {
    const done = await journal.find(`run ${name}`);
    if (done !== undefined) results[name] = done.value;
  }
  return results;
}

async function perform(
  work: SagaStep<unknown>['run'],
  { id, input }: Flight,
  caller: Caller,
  results: Readonly<Record<string, unknown>>,
): Promise<unknown> {
  const refuse = (reason: string): never => {
    throw new StepRefusedError(reason);
  };
  let value: unknown;
  try {
    value = await work({ id, input, results: { ...results }, call: caller.call, refuse });
    if (isResponse(value)) value = await bodyOf(value);
  } catch (error) {
    await caller.settled();
    throw error;
  }
  // A step that is over before its call, for want of an `await`, is not done if the call is not.
  const failed = await caller.settled();
  if (failed !== undefined) throw failed.reason;
  return value;
}

/**
 * Within the step, so that this is a mistake like any other: the step is run again, under the same keys, by code that was mended.
 * The journal itself would note that it was done and its value is lost, and no code could go on from there.
 * @throws TypeError JSON can't hold the value.
 */
function checkJson(value: unknown): unknown {
  // JSON leaves these out.
  if (typeof value === 'function' || typeof value === 'symbol')
    throw new TypeError(`a step must return what JSON can hold, got a ${typeof value}`);
  JSON.stringify(value);
  return value;
}

/** By what it can do: a client may have been told to send with another copy of `fetch`. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === 'object' && value !== null && 'headers' in value && 'text' in value && 'body' in value
  );
}

/** A journal keeps JSON. */
async function bodyOf(response: Response): Promise<unknown> {
  if (!/\bjson\b/.test(response.headers.get('content-type') ?? '')) {
    await response.body?.cancel();
    return undefined;
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // The service did what it was asked to, whatever it says about that.
    return undefined;
  }
}

/** By code: there may be two copies of this package. */
function isRefusal(error: unknown): boolean {
  return Reflect.get(Object(error), 'code') === 'ERR_STEADFETCH_STEP_REFUSED';
}

function earlierDelivery({ earlier }: Flight, step: string): Delivery {
  // Of a process that was killed in the middle, nothing is known.
  return earlier?.step === step ? earlier.delivery : 'unknown';
}

function mayHaveDone(flight: Flight, step: string): boolean {
  return earlierDelivery(flight, step) !== 'not-sent';
}

function worse(one: Delivery, other: Delivery): Delivery {
  return one === 'not-sent' ? other : one;
}
