import { PolicyError } from '../model/errors.ts';
import type { JsonSchema } from './json-schema.ts';
import { suggestion } from './suggest.ts';

/** Checks a value from outside. Returns a frozen copy, or throws a PolicyError that names the path. */
export interface Check<T> {
  (value: unknown, path: string): T;
  /** The JSON that the check accepts; undefined: none, because the value is a function or another object of the program. */
  readonly schema?: JsonSchema | undefined;
}

/** Makes a check with its JSON Schema. */
export function described<T>(
  schema: JsonSchema | undefined,
  check: (value: unknown, path: string) => T,
): Check<T> {
  return Object.assign((value: unknown, path: string) => check(value, path), { schema });
}

/** One check for each member that an object may have. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check<Exclude<T[Name], undefined>> };

/** The longest delay of `setTimeout`, in milliseconds. A longer one would fire at once. */
export const LONGEST_TIMER = 2_147_483_647;

export function fail(path: string, expected: string, value: unknown, help = ''): never {
  throw new PolicyError(path, `must be ${expected}, got ${show(value)}${help}`);
}

/** Describes a value in a few words. Options may hold secrets, so objects are not shown, and strings only in part. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'bigint') return `${value}n`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  // The call does not wait for it, so its rejection must not end the process.
  if (value instanceof Promise) value.catch(() => {});
  if (isPlainObject(value)) return 'an object';
  return `an instance of ${Object.getPrototypeOf(value).constructor?.name ?? 'a class'}`;
}

/** Whether a value is a plain object, of any realm (a test runner's, a worker's). Class instances and Maps are not plain. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

export function isFunction<T extends (...args: never[]) => unknown>(value: unknown): value is T {
  return typeof value === 'function';
}

/** RFC 9110, section 5.6.2: the characters of methods and header names. */
export const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

export function isToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value);
}

export function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/**
 * Copies the members of an object, each read once and checked. `undefined` means that the member was not given.
 *
 * @param place where the object is within a policy: `''`, or the part's name
 * @param paths all options, to suggest one in place of an unknown name
 * @param translate what to write instead of a name from another library
 * @throws {PolicyError} A name is unknown, or a value is wrong.
 */
export function members<T extends object>(
  object: object,
  path: string,
  place: string,
  checks: Checks<T>,
  paths: readonly string[],
  translate?: (name: string, place: string) => string | undefined,
): Readonly<Partial<T>> {
  const copy: Partial<T> = {};
  for (const name of Object.keys(object)) {
    if (!isMember(name, checks)) {
      const siblings = Object.keys(checks);
      const help = translate?.(name, place) ?? guess(suggestion(name, place, siblings, paths), siblings);
      throw new PolicyError(join(path, name), `is not an option; ${help}`);
    }
    const value: unknown = Reflect.get(object, name);
    if (value !== undefined) copy[name] = checks[name](value, join(path, name));
  }
  return Object.freeze(copy);
}

/** Throws what the check of a required member says of `undefined`, if it is missing. */
export function demand<T extends object, Required extends keyof T & string>(
  checked: Readonly<Partial<T>>,
  path: string,
  checks: Checks<T>,
  required: readonly Required[],
): asserts checked is Readonly<Partial<T> & Pick<T, Required>> {
  for (const member of required)
    if (checked[member] === undefined) checks[member](undefined, join(path, member));
}

function guess(meant: string | undefined, siblings: readonly string[]): string {
  return meant === undefined ? `there are ${siblings.join(', ')}` : `did you mean ${meant}?`;
}

function isMember<T>(name: string, checks: Checks<T>): name is keyof T & string {
  return Object.hasOwn(checks, name);
}

export function only<T>(
  expected: string,
  accepts: (value: unknown) => value is T,
  schema?: JsonSchema,
): Check<T> {
  return described(schema, (value, path) => (accepts(value) ? value : fail(path, expected, value)));
}

/** Checks for one of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Check<Word> {
  const quoted = words.map((word) => JSON.stringify(word));
  const expected = [quoted.slice(0, -1).join(', '), quoted.at(-1)].filter(Boolean).join(' or ');
  return only(expected, (value): value is Word => words.some((word) => word === value), { enum: words });
}

export const boolean: Check<boolean> = only(
  'true or false',
  (value): value is boolean => typeof value === 'boolean',
  { type: 'boolean' },
);

export function number(
  expected: string,
  accepts: (value: number) => boolean,
  schema?: JsonSchema,
): Check<number> {
  return only(
    expected,
    (value): value is number => typeof value === 'number' && accepts(value),
    schema && { type: 'number', ...schema },
  );
}

export function wholeNumber(from: number, to = Number.POSITIVE_INFINITY): Check<number> {
  const isBounded = to !== Number.POSITIVE_INFINITY;
  return number(
    `a whole number ${isBounded ? `from ${from} to ${to}` : `of ${from} or more`}`,
    (value) => Number.isInteger(value) && value >= from && value <= to,
    { type: 'integer', minimum: from, ...(isBounded && { maximum: to }) },
  );
}

export function milliseconds(from: number): Check<number> {
  return number(
    `a number of milliseconds from ${from} to ${LONGEST_TIMER}`,
    (value) => value >= from && value <= LONGEST_TIMER,
    { minimum: from, maximum: LONGEST_TIMER },
  );
}

/** Accepts `false` too, which switches an option off. JSON can hold `false`, unlike `Infinity`. */
export function orFalse<T>(check: Check<T>): Check<T | false> {
  const off = { const: false };
  return described(check.schema ? { anyOf: [off, check.schema] } : off, (value, path) =>
    value === false ? value : check(value, path),
  );
}

/**
 * Checks a timeout. `false` and `Infinity` both switch it off; JSON has only `false`.
 *
 * @param least milliseconds; a smaller value was probably meant in seconds
 */
export function timeout(least = 0): Check<number | false> {
  const expected =
    `a number of milliseconds ${least === 0 ? 'above 0 and up' : `from ${least}`} to ${LONGEST_TIMER}, ` +
    'or false for no limit';
  const range = least === 0 ? { exclusiveMinimum: 0 } : { minimum: least };
  return described(
    { anyOf: [{ const: false }, { type: 'number', ...range, maximum: LONGEST_TIMER }] },
    (value, path) => {
      if (value === false || value === Number.POSITIVE_INFINITY) return value;
      if (typeof value !== 'number' || !(value > 0 && value <= LONGEST_TIMER))
        return fail(path, expected, value);
      if (value >= least) return value;
      throw new PolicyError(path, `must be ${expected}, got ${value}: ${value} seconds are ${value * 1_000}`);
    },
  );
}

/** The JSON Schema of an object with these members. Members that JSON can't hold are left out. */
export function objectSchema(checks: Readonly<Record<string, Check<unknown>>>): JsonSchema {
  const described = Object.entries(checks).flatMap(([name, { schema }]) =>
    schema ? [[name, schema] as const] : [],
  );
  return { type: 'object', properties: Object.fromEntries(described), additionalProperties: false };
}

export function list<T>(expected: string, item: Check<T>): Check<readonly T[]> {
  return described(item.schema && { type: 'array', items: item.schema }, (value, path) =>
    Array.isArray(value)
      ? Object.freeze(Array.from(value, (element: unknown, at) => item(element, `${path}[${at}]`)))
      : fail(path, expected, value),
  );
}
