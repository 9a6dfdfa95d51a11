import type { PolicyData } from './address.ts';
import type { Field } from './fields.ts';

/** The value of an option in the policy, or its default. */
export function optionOf(policy: PolicyData, { part, name, default: preset }: Field): number {
  const place = part === undefined ? policy : policy[part];
  const value = typeof place === 'object' && place !== null ? Reflect.get(place, name) : undefined;
  return typeof value === 'number' ? value : preset;
}

/** The policy with another value. A value that equals the default is left out. */
export function withValue(policy: PolicyData, field: Field, value: number): PolicyData {
  const { part, name, default: preset } = field;
  if (part === undefined) return without(policy, name, value === preset ? undefined : value);
  const old = policy[part];
  const members = typeof old === 'object' && old !== null ? { ...old } : {};
  const changed = without(members, name, value === preset ? undefined : value);
  return without(policy, part, Object.keys(changed).length === 0 ? undefined : changed);
}

/** The policy with a part switched off, or on with its defaults. */
export function withPart(policy: PolicyData, part: string, on: boolean): PolicyData {
  return without(policy, part, on ? undefined : false);
}

function without(object: PolicyData, name: string, value: unknown): PolicyData {
  const { [name]: _old, ...rest } = object;
  return value === undefined ? rest : { ...rest, [name]: value };
}
