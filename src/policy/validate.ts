import type { Fallback } from '../model/fallback.ts';
import type {
  BreakerOptions,
  BudgetOptions,
  DispatcherLike,
  FetchLike,
  HedgeOptions,
  LimitOptions,
  Policy,
  RetryOptions,
  ScopeRequest,
  TimeoutOptions,
} from '../model/options.ts';
import {
  boolean,
  type Check,
  type Checks,
  described,
  fail,
  isFunction,
  isPlainObject,
  LONGEST_TIMER,
  list,
  members,
  milliseconds,
  number,
  objectSchema,
  only,
  orFalse,
  timeout,
  wholeNumber,
} from '../options/checks.ts';
import type { JsonSchema } from '../options/json-schema.ts';
import { checkIdempotency, dialectChecks } from './dialect.ts';
import { rulePath } from './pattern.ts';
import { RULE_PATTERN } from './rule-schema.ts';
import { translate } from './translations.ts';

/** The options of `createFetch`, checked: a frozen copy, so that later changes have no effect. */
export interface CheckedOptions extends Policy {
  /** In the order in which the rules were written. */
  readonly endpoints?: ReadonlyMap<string, Policy>;
  readonly fetch?: FetchLike;
  readonly dispatcher?: DispatcherLike;
  readonly $schema?: string;
}

const timeoutChecks: Checks<TimeoutOptions> = {
  attempt: timeout(),
  idle: timeout(),
  body: timeout(),
  total: timeout(100),
};

const retryChecks: Checks<RetryOptions> = {
  attempts: wholeNumber(1, 100),
  base: milliseconds(0),
  factor: number('a number from 1 to 10', (value) => value >= 1 && value <= 10, { minimum: 1, maximum: 10 }),
  cap: milliseconds(0),
  statuses: list('an array of whole numbers from 400 to 599', wholeNumber(400, 599)),
  retryAfter: milliseconds(0),
  when: only('a function', isFunction<NonNullable<RetryOptions['when']>>),
};

const breakerChecks: Checks<BreakerOptions> = {
  scope: only(
    '"origin", "endpoint" or a function',
    (value): value is 'origin' | 'endpoint' | ((request: ScopeRequest) => string) =>
      value === 'origin' || value === 'endpoint' || isFunction(value),
    { enum: ['origin', 'endpoint'] },
  ),
  threshold: number('a number above 0, up to 1', (value) => value > 0 && value <= 1, {
    exclusiveMinimum: 0,
    maximum: 1,
  }),
  minimum: wholeNumber(1),
  window: milliseconds(100),
  cooldown: milliseconds(1),
  maxCooldown: milliseconds(1),
};

const budgetChecks: Checks<BudgetOptions> = {
  ratio: number('a number from 0 to 1', (value) => value >= 0 && value <= 1, { minimum: 0, maximum: 1 }),
  reserve: wholeNumber(0, 100),
};

const limitChecks: Checks<LimitOptions> = {
  concurrency: only(
    '"adaptive" or a whole number of 1 or more',
    (value): value is number | 'adaptive' =>
      value === 'adaptive' || (typeof value === 'number' && Number.isInteger(value) && value >= 1),
    { anyOf: [{ const: 'adaptive' }, { type: 'integer', minimum: 1 }] },
  ),
  queue: wholeNumber(0),
};

const hedgeChecks: Checks<HedgeOptions> = {
  after: described(
    { anyOf: [{ enum: ['p90', 'p95', 'p99'] }, { type: 'number', minimum: 1, maximum: LONGEST_TIMER }] },
    (value, path) => {
      if (value === 'p90' || value === 'p95' || value === 'p99') return value;
      if (typeof value === 'number' && value >= 1 && value <= LONGEST_TIMER) return value;
      return fail(path, `"p90", "p95", "p99" or a number of milliseconds from 1 to ${LONGEST_TIMER}`, value);
    },
  ),
  ratio: number('a number above 0, up to 1', (value) => value > 0 && value <= 1, {
    exclusiveMinimum: 0,
    maximum: 1,
  }),
};

const bytes = number(
  'false or a whole number of bytes, 1 or more',
  (value) => Number.isInteger(value) && value >= 1,
  { type: 'integer', minimum: 1 },
);

const patience = number('false or milliseconds: 0 or more, or Infinity', (value) => value >= 0, {
  minimum: 0,
});

const ofTimeout = (value: unknown) =>
  typeof value === 'number' ? `; write { total: ${value} }, or { attempt: ${value} }` : undefined;
const ofRetry = (value: unknown) =>
  typeof value === 'number'
    ? `; write { attempts: ${value + 1} }, for the first attempt counts too`
    : undefined;

const ofLimit = (value: unknown) => {
  if (value === true) return '; write { concurrency: "adaptive" }';
  return typeof value === 'number' ? `; write { concurrency: ${value} }` : undefined;
};

const ofHedge = (value: unknown) => {
  if (value === true) return '; write {} for the defaults';
  return typeof value === 'number' || typeof value === 'string'
    ? `; write { after: ${JSON.stringify(value)} }`
    : undefined;
};

/** The checks of every part of a policy. */
export const policyChecks: Checks<Policy> = {
  timeout: part('timeout', timeoutChecks, ofTimeout),
  retry: part('retry', retryChecks, ofRetry),
  idempotency: checkIdempotency,
  breaker: part('breaker', breakerChecks),
  budget: part('budget', budgetChecks),
  limit: part('limit', limitChecks, ofLimit),
  hedge: part('hedge', hedgeChecks, ofHedge),
  buffer: orFalse(bytes),
  patience: orFalse(patience),
  quota: boolean,
  fallback: orFalse(only('false or a function', isFunction<Fallback>)),
};

/** The JSON Schema of `endpoints`. Only the validator finds a rule that can never apply. */
const endpointsSchema: JsonSchema = {
  type: 'object',
  propertyNames: { type: 'string', pattern: RULE_PATTERN },
  additionalProperties: { $ref: '#/$defs/policy' },
};

/** The checks of the other options of `createFetch`. */
export const optionChecks: Checks<CheckedOptions> = {
  ...policyChecks,
  endpoints: described(endpointsSchema, checkEndpoints),
  fetch: only('a function', isFunction<FetchLike>),
  dispatcher: only('an undici dispatcher', isDispatcher),
  $schema: only('a string', (value): value is string => typeof value === 'string', { type: 'string' }),
};

/** The paths of all options of a policy. */
const paths = [
  ...Object.keys(policyChecks),
  ...Object.entries({
    timeout: timeoutChecks,
    retry: retryChecks,
    idempotency: dialectChecks,
    breaker: breakerChecks,
    budget: budgetChecks,
    limit: limitChecks,
    hedge: hedgeChecks,
  }).flatMap(([place, checks]) => Object.keys(checks).map((name) => `${place}.${name}`)),
];

/** Checks a single policy: of an endpoint rule, or of one call. */
export function checkPolicy(value: unknown, path: string): Policy {
  if (!isPlainObject(value)) return fail(path, 'a plain object', value);
  return members(value, path, '', policyChecks, paths, translate);
}

/** Checks the options of `extend`, and most options of `createFetch`. `more` has the checks of further options. */
export function checkOptions(value: unknown): CheckedOptions;
export function checkOptions<T extends object>(value: unknown, more: Checks<T>): CheckedOptions & Partial<T>;
export function checkOptions<T extends object>(value: unknown, more?: Checks<T>): CheckedOptions {
  if (!isPlainObject(value)) return fail('options', 'a plain object', value);
  const checks: Checks<CheckedOptions> = { ...optionChecks, ...more };
  const { $schema: _ignored, ...options } = members(value, '', '', checks, paths, translate);
  return Object.freeze(options);
}

/** A part of a policy: an object, or `false` to switch the part off. `hint` says what to write instead of a wrong value. */
function part<T extends object>(
  name: string,
  checks: Checks<T>,
  hint: (value: unknown) => string | undefined = () => undefined,
): Check<Readonly<Partial<T>> | false> {
  const expected = `false or a plain object with ${Object.keys(checks).join(', ')}`;
  return orFalse(
    described(objectSchema(checks), (value, path) => {
      if (isPlainObject(value)) return members(value, path, name, checks, paths, translate);
      const help = hint(value) ?? (value === true ? '; leave it out, for it is on by default' : undefined);
      return fail(path, expected, value, help);
    }),
  );
}

function checkEndpoints(value: unknown, path: string): ReadonlyMap<string, Policy> {
  if (!isPlainObject(value)) return fail(path, 'a plain object with a policy for each pattern', value);
  const rules = new Map<string, Policy>();
  for (const key of Object.keys(value)) {
    const rule: unknown = Reflect.get(value, key);
    if (rule !== undefined) rules.set(key, checkPolicy(rule, rulePath(key)));
  }
  return rules;
}

function isDispatcher(value: unknown): value is DispatcherLike {
  return typeof value === 'object' && value !== null && isFunction(Reflect.get(value, 'dispatch'));
}
