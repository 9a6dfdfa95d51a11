import type { ExplainedValue } from '../model/explanation.ts';
import type { Policy } from '../model/options.ts';
import { SHARED_PARTS } from '../model/policy.ts';
import type { WholePolicy } from './whole-policy.ts';

/** A policy as it was written, and where. The outermost policy comes first. */
export interface WrittenPolicy {
  readonly by: string;
  readonly policy: Policy;
}

/** Every value of a policy by its path, with the name of the policy that set it. */
export function trace(whole: WholePolicy, layers: readonly WrittenPolicy[]): Record<string, ExplainedValue> {
  const values: Record<string, ExplainedValue> = {};
  for (const [part, value] of Object.entries(whole) as [keyof WholePolicy, unknown][]) {
    if (part === 'scope' || part === 'vouched') continue;
    if (typeof value !== 'object' || value === null || part === 'idempotency') {
      values[part] = { value, from: writer(layers, ({ [part]: written }) => written !== undefined) };
      continue;
    }
    for (const [name, member] of Object.entries(value)) {
      if (part === 'breaker' && name === 'scope') continue;
      values[`${part}.${name}`] = {
        value: member,
        from: writer(sinceOn(layers, part), (policy) => says(policy[part], name)),
      };
    }
  }
  values['breaker.scope'] = { value: whole.scope, from: scopeWriter(whole, layers) };
  return values;
}

/** A rule with numbers of its own has a scope of its own, even if it does not set `scope`: see sharing.ts. */
function scopeWriter({ scope }: WholePolicy, layers: readonly WrittenPolicy[]): string {
  const by = writer(layers, ({ breaker }) => says(breaker, 'scope'));
  return by === 'default' && scope === 'endpoint'
    ? writer(layers, (policy) => SHARED_PARTS.some((part) => policy[part]))
    : by;
}

/** An object over `false` begins with the defaults again. */
function sinceOn(layers: readonly WrittenPolicy[], part: keyof Policy): readonly WrittenPolicy[] {
  return layers.slice(layers.findLastIndex(({ policy }) => policy[part] === false) + 1);
}

function writer(layers: readonly WrittenPolicy[], wrote: (policy: Policy) => boolean): string {
  return layers.findLast(({ policy }) => wrote(policy))?.by ?? 'default';
}

function says(part: unknown, name: string): boolean {
  return typeof part === 'object' && part !== null && Reflect.get(part, name) !== undefined;
}
