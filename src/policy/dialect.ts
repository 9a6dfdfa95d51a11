import { type Dialect, type DialectName, dialects, type RequiredKey } from '../model/dialect.ts';
import { PolicyError } from '../model/errors.ts';
import type { ResolvedDialect } from '../model/policy.ts';
import {
  type Check,
  type Checks,
  described,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  join,
  list,
  members,
  objectSchema,
  oneOf,
  only,
  TOKEN,
  wholeNumber,
} from '../options/checks.ts';
import { dialectDefaults } from './defaults.ts';
import { checkMethods } from './methods.ts';
import { translate } from './translations.ts';

const headerName = only('an HTTP header name', isToken, { type: 'string', pattern: TOKEN.source });
const statuses = list('an array of whole numbers from 100 to 599', wholeNumber(100, 599));

export const dialectChecks: Checks<Dialect> = {
  header: headerName,
  format: oneOf('plain', 'structured'),
  methods: checkMethods,
  maxLength: wholeNumber(1),
  lifetime: described(
    { anyOf: [{ const: false }, { type: 'number', exclusiveMinimum: 0 }] },
    (value, path) =>
      value === false || (typeof value === 'number' && value > 0)
        ? value
        : fail(path, 'a number of milliseconds above 0, or false for no limit', value),
  ),
  retryStatuses: statuses,
  finalStatuses: statuses,
  retryHeader: headerName,
  generate: only('a function', isFunction<() => string>),
  required: only('true or false', (value): value is boolean => typeof value === 'boolean', {
    type: 'boolean',
  }),
};

/** Dialects made from `{ required: true }`. They say nothing about the server, so they do not vouch for keys. */
const unnamed = new WeakSet<object>();

/** Whether the option vouches for keys: it names the dialect that the server honours. */
export function namesDialect(idempotency: DialectName | Dialect | RequiredKey | false): boolean {
  return typeof idempotency === 'string' || (idempotency !== false && !unnamed.has(idempotency));
}

const names = Object.keys(dialects).map((name) => JSON.stringify(name));
const isDialectName = (value: unknown): value is DialectName =>
  typeof value === 'string' && Object.hasOwn(dialects, value);

/** Checks `idempotency`: the name of a dialect, a dialect of the user's own, or `false`. */
export const checkIdempotency: Check<DialectName | Dialect | false> = described(
  {
    anyOf: [
      { const: false },
      { enum: Object.keys(dialects) },
      { ...objectSchema(dialectChecks), anyOf: [{ required: ['header'] }, { required: ['required'] }] },
    ],
  },
  (value, path) => {
    if (value === false || isDialectName(value)) return value;
    if (!isPlainObject(value)) {
      const help = value === true ? '; leave it out, for a key is the default' : undefined;
      return fail(path, `false, ${names.join(', ')} or a dialect object`, value, help);
    }
    const { header, ...rest } = members(value, path, 'idempotency', dialectChecks, [], translate);
    if (header === undefined && rest.required === true && Object.keys(rest).length === 1) {
      const dialect: Dialect = Object.freeze({ ...dialects.default, required: true });
      unnamed.add(dialect);
      return dialect;
    }
    return Object.freeze({ header: headerName(header, join(path, 'header')), ...rest });
  },
);

/** Fills in the defaults of a dialect. */
export function resolveDialect(dialect: Dialect, path: string): ResolvedDialect {
  const {
    header,
    format,
    maxLength,
    lifetime,
    generate,
    methods,
    required,
    retryHeader,
    finalStatuses,
    ...rest
  } = {
    ...dialectDefaults,
    ...dialect,
  };
  const retryStatuses = new Set(rest.retryStatuses);
  const both = finalStatuses.find((status) => retryStatuses.has(status));
  if (both !== undefined) {
    const others = [...retryStatuses].join(', ');
    throw new PolicyError(
      join(path, 'finalStatuses'),
      `must not hold a status of ${join(path, 'retryStatuses')} (${others}), got ${both}; an option left out has its default`,
    );
  }
  // Member by member, so that the dialects of a thousand rules have one hidden class: property access over many classes is slow.
  return Object.freeze({
    header,
    format,
    maxLength,
    lifetime: lifetime === false ? Number.POSITIVE_INFINITY : lifetime,
    generate,
    required,
    retryStatuses,
    finalStatuses: new Set(finalStatuses),
    methods: methods && new Set(methods.map((method) => method.toUpperCase())),
    retryHeader: retryHeader?.toLowerCase(),
  });
}
