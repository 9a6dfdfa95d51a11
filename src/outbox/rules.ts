import { isIdempotentMethod, keyFor, protects } from '../call/key.ts';
import { PolicyError } from '../model/errors.ts';
import type { ClientOptions, Policy, SteadInit } from '../model/options.ts';
import { splitOptions } from '../policy/client-options.ts';
import { buildPolicies } from '../policy/policies.ts';

/** What the client's rules say of one call's key. */
export interface KeyTerms {
  readonly key: string | undefined;
  /** Milliseconds for which the receiver remembers it; Infinity where a repeat needs no key. */
  readonly lifetime: number;
}

/** Finds a call's key and how long that lasts, as the client itself would. */
export type FindKey = (
  method: string,
  url: URL,
  given: SteadInit['idempotencyKey'],
  policy: Policy | undefined,
) => KeyTerms;

/** The one place where the outbox looks at how the client's rules are made up. */
export function keyTerms(rules: ClientOptions): FindKey {
  const policies = buildPolicies(splitOptions(rules).rules);
  return (method, url, given, policy) => {
    const { idempotency: dialect } = policies.find(method, url, policy);
    const key = keyFor({ method, url, given, header: undefined, dialect })?.key;
    if (key !== undefined && dialect !== false) {
      return { key, lifetime: protects(dialect, method) ? dialect.lifetime : Number.POSITIVE_INFINITY };
    }
    if (key === undefined && !isIdempotentMethod(method)) {
      throw new PolicyError(
        'idempotency',
        `must name a dialect for ${method} ${url.origin}${url.pathname}: a durable call may be sent more than once, and without a key the receiver would do the work again`,
      );
    }
    return { key, lifetime: Number.POSITIVE_INFINITY };
  };
}
