/**
 * The receiving side for HTTP handlers: requests with the same key have one effect.
 *
 * @module steadfetch/server
 */

export { type DeadlineOptions, keepDeadline } from './deadline.ts';
export type { FingerprintKind } from './fingerprint.ts';
export { idempotent } from './idempotent.ts';
export { type IdempotencyOptions, isFinal } from './options.ts';
export type { ProblemCode } from './problem.ts';
