import { type Dialect, type DialectName, dialects } from '../model/dialect.ts';
import { PolicyError } from '../model/errors.ts';
import type { ResolvedDialect } from '../model/policy.ts';
import {
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  join,
  list,
  members,
  number,
  only,
  wholeNumber,
} from '../options/checks.ts';
import { dialectDefaults } from './defaults.ts';

const headerName = only('an HTTP header name', isToken);
const statuses = list('an array of whole numbers from 100 to 599', wholeNumber(100, 599));

export const dialectChecks: Checks<Dialect> = {
  header: headerName,
  format: only(
    '"plain" or "structured"',
    (value): value is 'plain' | 'structured' => value === 'plain' || value === 'structured',
  ),
  methods: list('an array of HTTP methods', only('an HTTP method', isToken)),
  maxLength: wholeNumber(1),
  lifetime: number('a number of milliseconds above 0, or Infinity', (value) => value > 0),
  retryStatuses: statuses,
  finalStatuses: statuses,
  retryHeader: headerName,
  generate: only('a function', isFunction<() => string>),
};

const names = Object.keys(dialects).map((name) => JSON.stringify(name));
const isDialectName = (value: unknown): value is DialectName =>
  typeof value === 'string' && Object.hasOwn(dialects, value);

/** Checks `idempotency`: the name of a dialect, one of the user's own, or `false`. */
export function checkIdempotency(value: unknown, path: string): DialectName | Dialect | false {
  if (value === false || isDialectName(value)) return value;
  if (!isPlainObject(value)) return fail(path, `false, ${names.join(', ')} or a dialect object`, value);
  const { header, ...rest } = members(value, path, 'idempotency', dialectChecks, []);
  return Object.freeze({ header: headerName(header, join(path, 'header')), ...rest });
}

/** Fills in what a dialect does not say. */
export function resolveDialect(dialect: Dialect, path: string): ResolvedDialect {
  const { header, format, maxLength, lifetime, generate, methods, retryHeader, finalStatuses, ...rest } = {
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
  // One by one, so that the dialects of a thousand rules have one shape: calls that meet many shapes are slow.
  return Object.freeze({
    header,
    format,
    maxLength,
    lifetime,
    generate,
    retryStatuses,
    finalStatuses: new Set(finalStatuses),
    methods: methods && new Set(methods.map((method) => method.toUpperCase())),
    retryHeader: retryHeader?.toLowerCase(),
  });
}
