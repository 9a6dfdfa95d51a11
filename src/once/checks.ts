/** The checks that only the receiving side needs, beside those of `options/checks.ts`. */
import { PolicyError } from '../model/errors.ts';
import {
  boolean,
  type Check,
  type Checks,
  demand,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  list,
  members,
  oneOf,
  only,
  wholeNumber,
} from '../options/checks.ts';
import type { AnyStore, Store } from './store.ts';
import { translate } from './translations.ts';

export {
  boolean,
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  list,
  oneOf,
  only,
  PolicyError,
  wholeNumber,
};

/**
 * Checks the options of one entry point, and returns a frozen copy. Every name must be one of `checks`, every value must be
 * allowed, and the required members must be there.
 *
 * @param name the name of the object itself, for the message if the value is no object
 * @param path where the object is: `''`, or the name of the member that holds it
 * @throws {PolicyError} The message names the option and says what is allowed.
 */
export function checkMembers<T extends object, Required extends keyof T & string = never>(
  value: unknown,
  { name, path = '' }: { name: string; path?: string },
  checks: Checks<T>,
  required: readonly Required[] = [],
): Readonly<Partial<T> & Pick<T, Required>> {
  const siblings = Object.keys(checks);
  if (!isPlainObject(value)) return fail(name, `a plain object with ${siblings.join(', ')}`, value);
  const checked = members(value, path, path, checks, [], (given) => translate(given, siblings));
  demand(checked, path, checks, required);
  return checked;
}

/** Checks for a function. Arguments and result can't be checked before a call. */
export function aFunction<T extends (...args: never[]) => unknown>(what = 'a function'): Check<T> {
  return only(what, isFunction<T>);
}

const LONGEST_NAME = 255;

/** A name of 1 to 255 characters: a key, an operation, a tenant or a message id. */
export const nameCheck: Check<string> = (value, path) => {
  if (typeof value !== 'string') return fail(path, `a string of 1 to ${LONGEST_NAME} characters`, value);
  if (value.length < 1 || value.length > LONGEST_NAME)
    throw new PolicyError(path, `must be 1 to ${LONGEST_NAME} characters long, got ${value.length}`);
  // Lone surrogates have no UTF-8 form, so two different keys could be stored as the same one.
  if (/[\p{Cc}\p{Cs}]/u.test(value))
    return fail(path, 'a string without control characters and lone surrogates', value);
  return value;
};

const CENTURY = 36_525 * 86_400_000;

/** A time in milliseconds. A value below `from` was probably meant in seconds. */
export function duration(from: number, { orZero = false } = {}): Check<number> {
  const expected = `${orZero ? '0 or ' : ''}a whole number of milliseconds from ${from} to ${CENTURY}`;
  return (value, path) => {
    if (Number.isSafeInteger(value)) {
      const time = value as number;
      if ((time >= from && time <= CENTURY) || (orZero && time === 0)) return time;
      if (time > 0 && time < from)
        throw new PolicyError(path, `must be ${expected}, got ${time}: ${time} seconds are ${time * 1_000}`);
    }
    return fail(path, expected, value);
  };
}

const STEPS: readonly (keyof Store)[] = ['setup', 'claim', 'complete', 'release', 'extend', 'purge'];

/** A store of either kind. */
export const storeCheck: Check<AnyStore> = (value, path) => {
  const expected = 'a store, such as memoryStore() or postgresStore(pool).transactional';
  if (typeof value !== 'object' || value === null) return fail(path, expected, value);
  const has = (name: string) => isFunction(Reflect.get(value, name));
  if (has('then')) throw new PolicyError(path, `must be ${expected}, got a promise: await it`);
  // PGlite and most query builders also have a `transaction` method, but are no stores.
  if (has('transaction') && !has('query') && !has('execute')) return value as AnyStore;
  const missing = STEPS.filter((step) => !has(step));
  if (missing.length === 0) return value as AnyStore;
  if (missing.length === STEPS.length) return fail(path, expected, value);
  throw new PolicyError(path, `must be ${expected}, got one without ${missing.join(', ')}`);
};

/** An object with these methods, such as a database client. */
export function clientCheck<T extends object>(expected: string, methods: readonly string[]): Check<T> {
  return only(expected, (value): value is T => {
    // Some clients are functions: knex, postgres.js.
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
    return methods.every((method) => isFunction(Reflect.get(value, method)));
  });
}
