import type { Options } from '../../src/model/options.ts';
import { buildPolicies, type Policies } from '../../src/policy/policies.ts';
import { checkOptions } from '../../src/policy/validate.ts';

/** The rules of a client with these options. @throws {PolicyError} An option is wrong, endpoint rules included. */
export function compilePolicies(options: Options): Policies {
  return buildPolicies(checkOptions(options));
}
