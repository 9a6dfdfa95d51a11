/**
 * Steps with a compensation each, on top of the outbox.
 *
 * @module steadfetch/saga
 */

export { MissingDriverError } from '../once/errors.ts';
export type { AdaptedTx, Target, Tx } from '../outbox/database.ts';
export type { WorkOptions } from '../outbox/shared-options.ts';
export type { PrepareStep, StepId } from './caller.ts';
export {
  MissingStepError,
  SagaReusedError,
  StepPendingError,
  StepRefusedError,
  UnknownSagaError,
} from './errors.ts';
export type { SagaListOptions, SagasOptions } from './options.ts';
export {
  type Saga,
  type SagaSettings,
  type SagaStep,
  type StepContext,
  type StepInit,
  saga,
} from './saga.ts';
export { openSagas, type Sagas } from './sagas.ts';
export type { SagaState, SagaStateName } from './state.ts';
