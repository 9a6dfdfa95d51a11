import { outages, type Settings, settings } from '../../../../src/lab/settings.ts';

/** A policy as data. The worker checks it. */
export type PolicyData = Record<string, unknown>;

/** The question of the page. It is a part of the page's address, so that results can be shared. */
export interface Question {
  settings: Settings;
  policy: PolicyData;
}

const names = Object.keys(settings) as (keyof typeof settings)[];

export function fromAddress(search: string): Question {
  const query = new URLSearchParams(search);
  const numbers = names.map((name) => {
    const { min, max, default: preset } = settings[name];
    const value = Number(query.get(name) ?? Number.NaN);
    return [name, value >= min && value <= max ? value : preset];
  });
  const outage = outages.find((one) => one === query.get('outage')) ?? outages[0];
  return {
    settings: { ...Object.fromEntries(numbers), outage },
    policy: policyOf(query.get('policy') ?? '{}') ?? {},
  };
}

/** Writes only the values that differ from the defaults. */
export function toAddress({ settings: chosen, policy }: Question): string {
  const query = new URLSearchParams();
  for (const name of names) {
    if (chosen[name] !== settings[name].default) query.set(name, `${chosen[name]}`);
  }
  if (chosen.outage !== outages[0]) query.set('outage', chosen.outage);
  if (Object.keys(policy).length > 0) query.set('policy', JSON.stringify(policy));
  return query.size === 0 ? '' : `?${query}`;
}

/** Undefined: the text is no JSON object. */
export function policyOf(text: string): PolicyData | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
