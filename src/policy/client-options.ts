import type { ShowUrl } from '../http/redact.ts';
import type { ExportedBreaker } from '../model/breaker.ts';
import type { ClientOptions } from '../model/options.ts';
import {
  boolean,
  type Check,
  type Checks,
  described,
  fail,
  isFunction,
  isPlainObject,
  isToken,
  list,
  members,
  milliseconds,
  number,
  objectSchema,
  oneOf,
  only,
  orFalse,
  TOKEN,
} from '../options/checks.ts';
import { type CheckedOptions, checkOptions } from './validate.ts';

/** The options of a client that are not rules, checked. */
export type OwnOptions = Pick<ClientOptions, 'breakers' | 'layers' | 'deadline' | 'redact'>;

const epoch = number('epoch milliseconds', (value) => Number.isFinite(value) && value >= 0, { minimum: 0 });

const breakerChecks: Checks<ExportedBreaker> = {
  scope: only('a non-empty string', (value): value is string => typeof value === 'string' && value !== '', {
    type: 'string',
    minLength: 1,
  }),
  state: oneOf('open', 'isolated'),
  since: epoch,
  retryAt: epoch,
  cooldown: milliseconds(1),
};

const required = ['scope', 'state', 'since'];

const breaker: Check<ExportedBreaker> = described(
  { ...objectSchema(breakerChecks), required },
  (value, path) => {
    if (!isPlainObject(value)) return fail(path, 'an exported breaker', value);
    const { scope, state, since, ...rest } = members(value, path, '', breakerChecks, []);
    if (scope === undefined || state === undefined || since === undefined) {
      return fail(path, 'an exported breaker, with scope, state and since', value);
    }
    return { scope, state, since, ...rest };
  },
);

/** The checks of options that only a whole client can have. */
export const ownChecks: Checks<OwnOptions> = {
  breakers: list('an array that breakers.export() gave', breaker),
  layers: boolean,
  deadline: only(
    'true, false or the name of a header',
    (value): value is boolean | string => typeof value === 'boolean' || isToken(value),
    { anyOf: [{ type: 'boolean' }, { type: 'string', pattern: TOKEN.source }] },
  ),
  redact: orFalse(only('a function', isFunction<ShowUrl>)),
};

/** Checks the options of `createFetch` and `resilience`. @throws {PolicyError} An option is wrong. */
export function splitOptions(options: unknown): { own: OwnOptions; rules: CheckedOptions } {
  const { breakers, layers, deadline, redact, ...rules } = checkOptions(options, ownChecks);
  const own: OwnOptions = {
    ...(breakers !== undefined && { breakers }),
    ...(layers !== undefined && { layers }),
    ...(deadline !== undefined && { deadline }),
    ...(redact !== undefined && { redact }),
  };
  return { own, rules };
}
