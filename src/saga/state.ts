import type { JobWithMetadata } from 'pg-boss';
import type { Delivery } from '../model/failure.ts';
import type { ErrorSummary } from '../model/report.ts';

/** What is stored of a saga. Plain JSON. */
export interface StoredSaga {
  readonly saga: string;
  readonly id: string;
  readonly input: unknown;
}

/**
 * `'forward'`: its steps are being done. `'stuck'`: it is being taken back and can't, or the code that it needs is missing;
 * it is still tried, but a person should look. `'whole'`: every step is done. `'taken-back'`: none is, in effect.
 */
export type SagaStateName = 'forward' | 'stuck' | 'whole' | 'taken-back';

/** A saga as it stands. No bodies, headers or messages. */
export interface SagaState {
  /** The name of the saga. */
  readonly saga: string;
  /** The id that it was started with. */
  readonly id: string;
  /** Where it stands. */
  readonly state: SagaStateName;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Epoch milliseconds before which it will not be carried on. */
  readonly notBefore?: number;
  /** The step that is tried, or at which it turned back. */
  readonly step?: string;
  /** Forward (`'run'`) or back (`'undo'`). */
  readonly direction?: 'run' | 'undo';
  /** How often it was carried on without an end. */
  readonly tries?: number;
  /** Why it turned back: a final refusal, or the end of its patience. */
  readonly why?: 'refused' | 'patience';
  /** Whether the last call of that step may have arrived. */
  readonly delivery?: Delivery;
  /** The status of the last answer, if there was one. */
  readonly status?: number;
  /** Name and code of the last error, if there was one. */
  readonly error?: ErrorSummary;
}

/** What a saga's record says of it beside what was stored at its start. */
export type Remembered = Omit<SagaState, 'saga' | 'id' | 'startedAt' | 'notBefore'>;

export function stateOf({ data, output, createdOn, startAfter }: JobWithMetadata<StoredSaga>): SagaState {
  const remembered = rememberedOf(output);
  const isOver = remembered?.state === 'whole' || remembered?.state === 'taken-back';
  return {
    state: 'forward',
    ...remembered,
    saga: data.saga,
    id: data.id,
    startedAt: createdOn.getTime(),
    ...(!isOver && { notBefore: startAfter.getTime() }),
  };
}

/** What was written here; not what the engine did, of a worker that died. */
export function rememberedOf(output: unknown): Remembered | undefined {
  const found = typeof output === 'object' && output !== null && 'state' in output;
  return found ? (output as Remembered) : undefined;
}
