import type { PolicyChange } from '../model/policy-change.ts';
import { isPlainObject, join } from '../options/checks.ts';
import { rulePath } from './pattern.ts';
import type { CheckedOptions } from './validate.ts';

/** The differences between two sets of options, in the order of the new options. Removed options come last. */
export function changesBetween(before: CheckedOptions, after: CheckedOptions): PolicyChange[] {
  const [from, to] = [written(before), written(after)];
  return [...new Set([...to.keys(), ...from.keys()])]
    .filter((path) => !isSame(from.get(path), to.get(path)))
    .map((path) => ({ path, from: shown(from.get(path)), to: shown(to.get(path)) }));
}

/** Every value by its path; also the order of the rules, because the first rule that matches applies. */
function written({ endpoints, ...options }: CheckedOptions): Map<string, unknown> {
  const values = new Map<string, unknown>();
  if (endpoints !== undefined) values.set('endpoints', [...endpoints.keys()]);
  collect(options, '', values);
  for (const [key, policy] of endpoints ?? []) collect(policy, rulePath(key), values);
  return values;
}

function collect(value: object, path: string, values: Map<string, unknown>): void {
  for (const [name, member] of Object.entries(value)) {
    if (isPlainObject(member)) collect(member, join(path, name), values);
    else if (member !== undefined) values.set(join(path, name), member);
  }
}

function isSame(one: unknown, other: unknown): boolean {
  if (!Array.isArray(one) || !Array.isArray(other)) return Object.is(one, other);
  return one.length === other.length && one.every((element, at) => Object.is(element, other[at]));
}

function shown(value: unknown): unknown {
  if (typeof value === 'function') return 'a function';
  return typeof value === 'object' && !Array.isArray(value) && value !== null ? 'an object' : value;
}
