import type { Permanence } from './network-error.ts';

/** A browser tells scripts nothing about a network error, so any of them may be gone next time. */
export const permanenceOf = (_error: unknown): Permanence => 'transient';
