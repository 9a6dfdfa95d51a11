import type { CallOptions } from '../call/plan.ts';
import { rankOf } from '../call/priority.ts';
import { PolicyError } from '../model/errors.ts';
import { refuseStray } from '../policy/init-names.ts';
import { checkPolicy } from '../policy/validate.ts';

/**
 * Options for a request of undici's, with this package's options for this one call among them. Gives them back as they are: undici passes
 * on what it does not know, but its types do not say so.
 *
 * @throws {TypeError} The priority is none.
 * @throws {PolicyError} The policy is wrong, or one of the names looks as if it did something and doesn't.
 * @example
 * await request(url, callOptions({ method: 'POST', body, idempotencyKey: ['charge', order.id] }));
 */
export function callOptions<const Options extends object>(options: Options & CallOptions): Options {
  for (const name of Object.keys(options)) {
    if (!OURS.has(name)) refuseStray(name);
  }
  if (options.policy !== undefined) checkPolicy(options.policy, 'policy');
  if (options.policy?.fallback) {
    throw new PolicyError('policy.fallback', 'has no place here: undici takes no Response for an answer');
  }
  if (options.priority !== undefined) rankOf(options.priority);
  return options;
}

const OURS: ReadonlySet<string> = new Set<keyof CallOptions>(['idempotencyKey', 'policy', 'priority']);
