import { checkMembers, nameCheck } from './checks.ts';
import type { ScopedKey } from './store.ts';

/** The owner of a set of keys. Both parts are required: without a tenant, one customer could get the result of another. */
export interface Scope {
  /** What is done once, such as `'charge'`: 1 to 255 characters. */
  readonly operation: string;
  /** Whose operation it is: 1 to 255 characters. Take the tenant from your own authentication, never from the request's body. */
  readonly tenant: string;
}

const scopeChecks = { operation: nameCheck, tenant: nameCheck };

/** @throws {PolicyError} The message names the part and says what is allowed. */
export function checkScope(value: unknown): Scope {
  const place = { name: 'scope', path: 'scope' };
  return checkMembers<Scope, keyof Scope>(value, place, scopeChecks, ['operation', 'tenant']);
}

/**
 * Scope and key in the form in which stores keep them. The scope is a JSON array, so different parts never give the same text.
 */
export function scopedKey({ operation, tenant }: Scope, key: string): ScopedKey {
  return { scope: JSON.stringify([operation, tenant]), key };
}
