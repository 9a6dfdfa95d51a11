import { isBytes } from '../body/bytes.ts';
import type { HedgeRule, Hedging } from '../guard/hedging.ts';
import type { Scope } from '../guard/scope.ts';
import { isIdempotentMethod } from './key.ts';
import type { CallRequest } from './request.ts';

/** By which rule a call is hedged, and what its scope knows. */
export interface HedgePlan {
  readonly rule: HedgeRule;
  readonly hedging: Hedging;
}

/** How a call without a key is hedged; undefined: two of its attempts must not be under way at once. */
export function planHedge(
  rule: HedgeRule | false,
  { method, body, stream }: CallRequest,
  scope: Scope | undefined,
): HedgePlan | undefined {
  if (rule === false || scope === undefined || !isIdempotentMethod(method)) return undefined;
  const isPlain = body === undefined || body === null || typeof body === 'string' || isBytes(body);
  return isPlain && stream === undefined ? { rule, hedging: scope.hedging } : undefined;
}
