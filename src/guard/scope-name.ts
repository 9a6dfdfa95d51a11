import type { CallUrl } from '../http/call-url.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import { fail } from '../options/checks.ts';
import { hasGuards } from './scope.ts';

/**
 * The name of the scope that a call belongs to; undefined if it shares nothing with other calls.
 *
 * @throws {PolicyError} The user's scope function returned something other than a non-empty string.
 */
export function scopeName(policy: ResolvedPolicy, method: string, url: CallUrl): string | undefined {
  if (!hasGuards(policy) && policy.hedge === false) return undefined;
  const { scope, endpoint } = policy;
  if (scope === 'origin') return url.origin;
  if (scope === 'endpoint') return endpoint ?? url.origin;
  const name: unknown = scope({ method, url: new URL(url.href), endpoint });
  if (typeof name === 'string' && name !== '') return bareOrigin(name) ?? name;
  return fail('breaker.scope', 'a function that returns a non-empty string', name);
}

/**
 * The origin, if the name is an http(s) URL without path or query: `https://X.example:443/` and `https://x.example` are one
 * scope.
 */
export function bareOrigin(name: string): string | undefined {
  if (!/^https?:/i.test(name) || !URL.canParse(name)) return undefined;
  const { origin, href } = new URL(name);
  return href === `${origin}/` ? origin : undefined;
}
