import type { ClaimOptions, ScopedKey } from './store.ts';

const DAY = 86_400_000;
const CENTURY = 36_525 * DAY;
const LONGEST_NAME = 255;

/** Whose keys these are. Both parts are needed: without a tenant, one customer's key would answer another's. */
export interface Scope {
  /** What is done once, such as `'charge'`: 1 to 255 characters. */
  readonly operation: string;
  /** On whose behalf, from your own authentication and never from the request's body: 1 to 255 characters. */
  readonly tenant: string;
}

/** How long a key lives, and how a caller waits. All times in milliseconds. */
export interface Times {
  /**
   * How long the key and its result are remembered, counted from the claim.
   * @default 86400000 (24 hours)
   */
  readonly lifetime?: number;
  /**
   * Lease mode: how long an effect may run before another caller may take it over. Set it well above the slowest
   * effect: it is also how long a key stays blocked after a crash. A transaction does not need it.
   * @default 30000
   */
  readonly lease?: number;
  /**
   * How long to wait for an effect that is running elsewhere before `InProgressError`.
   * @default 0
   */
  readonly wait?: number;
}

/** Which effect, and on what terms. */
export interface OnceId extends Times {
  readonly scope: Scope;
  /** 1 to 255 characters, no control characters. */
  readonly key: string;
  /** What the request said, such as a hash of it. The same key with another fingerprint is refused. */
  readonly fingerprint?: string;
}

/** The identity of an effect. @throws TypeError that names the part and what is allowed. */
export function scopedKeyOf({ scope, key }: Pick<OnceId, 'scope' | 'key'>): ScopedKey {
  const operation = checkName('scope.operation', scope?.operation);
  const tenant = checkName('scope.tenant', scope?.tenant);
  // A JSON array, because parts of it cannot run into each other.
  return { scope: JSON.stringify([operation, tenant]), key: checkName('key', key) };
}

/** @throws TypeError that names the part and what is allowed. */
export function checkName(path: string, value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${path} is ${typeof value}; it must be a string`);
  if (value.length < 1 || value.length > LONGEST_NAME)
    throw new TypeError(`${path} is ${value.length} characters long; it must be 1 to ${LONGEST_NAME}`);
  // Lone surrogates have no UTF-8 form: two different keys would be stored as the same one.
  if (/[\p{Cc}\p{Cs}]/u.test(value))
    throw new TypeError(`${path} is ${JSON.stringify(value)}; it must not contain control characters`);
  return value;
}

/** Fills in the defaults. @throws TypeError that names the option, its value and what is allowed. */
export function checkTimes({ lifetime = DAY, lease = 30_000, wait = 0 }: Times): Required<Times> {
  checkTime('lifetime', lifetime, 1);
  checkTime('lease', lease, 1);
  checkTime('wait', wait, 0);
  if (lease > lifetime)
    throw new TypeError(`lease is ${lease}; it must not be longer than lifetime (${lifetime})`);
  return { lifetime, lease, wait };
}

/** What `run` needs to know. @throws TypeError that names the option, its value and what is allowed. */
export function claimOptionsOf(
  id: Pick<OnceId, 'fingerprint'> & Times,
): ClaimOptions & { readonly wait: number } {
  const fingerprint = id.fingerprint === undefined ? undefined : checkName('fingerprint', id.fingerprint);
  return { fingerprint, ...checkTimes(id) };
}

function checkTime(path: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least || value > CENTURY)
    throw new TypeError(
      `${path} is ${value}; it must be a whole number of milliseconds, ${least} to ${CENTURY}`,
    );
}
