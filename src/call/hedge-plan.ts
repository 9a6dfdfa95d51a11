import { isBytes } from '../body/bytes.ts';
import type { HedgeRule, Hedging } from '../guard/hedging.ts';
import type { Scope } from '../guard/scope.ts';
import { isIdempotentMethod } from './key.ts';
import type { CallRequest } from './request.ts';

/** The rule by which a call is hedged, and the latencies that its scope knows. */
export interface HedgePlan {
  readonly rule: HedgeRule;
  readonly hedging: Hedging;
}

/** Plans the hedging of a call without a key; undefined: two of its attempts must not run at the same time. */
export function planHedge(
  rule: HedgeRule | false,
  { method, body, stream }: CallRequest,
  scope: Scope | undefined,
): HedgePlan | undefined {
  if (rule === false || scope === undefined || !isIdempotentMethod(method)) return undefined;
  const isPlain = body === undefined || body === null || typeof body === 'string' || isBytes(body);
  return isPlain && stream === undefined ? { rule, hedging: scope.hedging } : undefined;
}
