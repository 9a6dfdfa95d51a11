import type { ShowUrl } from '../http/redact.ts';
import type { ExportedBreaker } from '../model/breaker.ts';
import type { ClientOptions, Options } from '../model/options.ts';
import {
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  list,
  members,
  milliseconds,
  number,
  only,
} from '../options/checks.ts';

/** Those of the options that are not rules, checked. */
export type OwnOptions = Pick<ClientOptions, 'breakers' | 'layers' | 'redact'>;

const epoch = number('epoch milliseconds', (value) => Number.isFinite(value) && value >= 0);

const breakerChecks: Checks<ExportedBreaker> = {
  scope: only('a non-empty string', (value): value is string => typeof value === 'string' && value !== ''),
  state: only('"open" or "isolated"', (value) => value === 'open' || value === 'isolated'),
  since: epoch,
  retryAt: epoch,
  cooldown: milliseconds(1),
};

const breaker: Check<ExportedBreaker> = (value, path) => {
  if (!isPlainObject(value)) return fail(path, 'an exported breaker', value);
  const { scope, state, since, ...rest } = members(value, path, '', breakerChecks, []);
  if (scope === undefined || state === undefined || since === undefined) {
    return fail(path, 'an exported breaker, with scope, state and since', value);
  }
  return { scope, state, since, ...rest };
};

const checks: Checks<OwnOptions> = {
  breakers: list('an array that breakers.export() gave', breaker),
  layers: only('true or false', (value) => typeof value === 'boolean'),
  redact: only('false or a function', (value) => value === false || isFunction<ShowUrl>(value)),
};

/** @throws {PolicyError} One of them is wrong. */
export function splitOptions(options: ClientOptions): { own: OwnOptions; rules: Options } {
  // What is no object at all is for the rules to complain about.
  if (!isPlainObject(options)) return { own: {}, rules: options };
  const { breakers, layers, redact, ...rules }: ClientOptions = options;
  return { own: members({ breakers, layers, redact }, '', '', checks, []), rules };
}
