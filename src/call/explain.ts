import { scopeName } from '../guard/scope-name.ts';
import { PolicyError } from '../model/errors.ts';
import type { ExplainedValue, Explanation, KeyFate } from '../model/explanation.ts';
import type { Policy } from '../model/options.ts';
import type { ResolvedDialect } from '../model/policy.ts';
import type { Policies } from '../policy/policies.ts';
import { isIdempotentMethod, protects } from './key.ts';

/**
 * Says which rules apply to a method and a URL. Sends nothing.
 *
 * @throws {PolicyError} The method or the URL is not valid, or the call's own policy is wrong.
 */
export function explain(policies: Policies, method: unknown, given: unknown, own?: Policy): Explanation {
  if (typeof method !== 'string' || method === '') {
    throw new PolicyError('method', `must be an HTTP method, got ${typeof method}`);
  }
  const text = String(given);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new PolicyError('url', `must be an absolute URL of http or https, got ${JSON.stringify(text)}`);
  }
  const sent = method.toUpperCase();
  const { policy, whole, values } = policies.explain(sent, url, own);
  const { idempotency } = policy;
  const chosen = values.idempotency;
  const dialect =
    typeof whole.idempotency === 'string' ? `dialect ${JSON.stringify(whole.idempotency)}` : undefined;
  return {
    method: sent,
    url: url.origin + url.pathname,
    endpoint: policy.endpoint,
    scope: scopeName(policy, sent, url),
    key: keyFate(idempotency, sent),
    values: { ...values, ...ofDialect(idempotency, dialect ?? chosen?.from ?? 'default') },
  };
}

/** The values of a dialect, by the path of each member. */
function ofDialect(dialect: ResolvedDialect | false, from: string): Record<string, ExplainedValue> {
  if (dialect === false) return {};
  return Object.fromEntries(
    Object.entries(dialect)
      .filter(([, value]) => value !== undefined && typeof value !== 'function')
      .map(([name, value]) => [
        `idempotency.${name}`,
        { value: value instanceof Set ? [...value] : value, from },
      ]),
  );
}

function keyFate(dialect: ResolvedDialect | false, method: string): KeyFate {
  const again = isIdempotentMethod(method)
    ? `${method} is idempotent, so it is repeated all the same`
    : `${method} is repeated only if it certainly was not sent`;
  if (dialect === false) {
    return {
      header: undefined,
      made: false,
      protects: false,
      says: `no key: the server ignores them; ${again}`,
    };
  }
  const { header } = dialect;
  const isProtected = protects(dialect, method);
  if (isProtected && !isIdempotentMethod(method)) {
    const says = `a fresh key for each call, or the caller's own, the same on every attempt, in ${header}`;
    return { header, made: true, protects: true, says };
  }
  const why = isIdempotentMethod(method) ? `${method} needs none` : `the server takes keys for other methods`;
  const says = `no key of ours: ${why}; the caller's own goes into ${header}; ${again}`;
  return { header, made: false, protects: isProtected, says };
}
