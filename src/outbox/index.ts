/**
 * Durable calls: committed together with your rows, made now or later under the same key.
 *
 * @module steadfetch/outbox
 */

export { MissingDriverError } from '../once/errors.ts';
export type { CallBody } from './body.ts';
export type { Call } from './call.ts';
export type { AdaptedTx, Installed, OpenTx, Target, Tx } from './database.ts';
export type { DeadLetter, DeadLetters, ListOptions } from './dead.ts';
export { CallExpiredError, CallReusedError, FolderInUseError, UnknownCallError } from './errors.ts';
export type { OutboxEvents } from './events.ts';
export type { CallInit, DurableHandler, OutboxOptions, OutgoingRequest } from './options.ts';
export { type Outbox, type OutboxWorker, openOutbox } from './outbox.ts';
export type { LastTry, Outcome, Result, Why } from './result.ts';
export type { WorkOptions } from './shared-options.ts';
export type { OutboxStats } from './stats.ts';
