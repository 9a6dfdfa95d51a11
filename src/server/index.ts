/**
 * The receiving side in front of HTTP handlers: a request with a key has its effect once.
 *
 * @module steadfetch/server
 */

export type { FingerprintKind } from './fingerprint.ts';
export { idempotent } from './idempotent.ts';
export { type IdempotencyOptions, isFinal } from './options.ts';
export type { ProblemCode } from './problem.ts';
