import { checkMembers, nameCheck } from './checks.ts';
import type { ScopedKey } from './store.ts';

/** Whose keys these are. Both parts are needed: without a tenant, one customer's key would answer another's. */
export interface Scope {
  /** What is done once, such as `'charge'`: 1 to 255 characters. */
  readonly operation: string;
  /** On whose behalf, from your own authentication and never from the request's body: 1 to 255 characters. */
  readonly tenant: string;
}

const scopeChecks = { operation: nameCheck, tenant: nameCheck };

/** @throws PolicyError that names the part and what is allowed. */
export function checkScope(value: unknown): Scope {
  const place = { name: 'scope', path: 'scope' };
  return checkMembers<Scope, keyof Scope>(value, place, scopeChecks, ['operation', 'tenant']);
}

/** Scope and key as a store keeps them: a JSON array, because parts of it cannot run into each other. */
export function scopedKey({ operation, tenant }: Scope, key: string): ScopedKey {
  return { scope: JSON.stringify([operation, tenant]), key };
}
