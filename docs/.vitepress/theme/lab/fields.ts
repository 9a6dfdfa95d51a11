import type { JsonSchema } from '../../../../src/options/json-schema.ts';

/** A number of a policy, for which the lab's page has a slider. */
export interface Field {
  /** The part of the policy, such as `retry`; undefined: the option belongs to the policy itself. */
  readonly part: string | undefined;
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly default: number;
}

/** The options that are times. */
const MILLISECONDS =
  /^timeout\.|^retry\.(base|cap|retryAfter)$|^breaker\.(window|cooldown|maxCooldown)$|patience$/;

/** How far a slider reaches beyond the default, if the option has no small limit of its own. */
const REACH = 6;

/** Makes a slider for every number of a policy that has a default. The list comes from the schema, so it is complete. */
export function fieldsOf({ properties = {} }: JsonSchema): Field[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const members = choicesOf(schema).flatMap(({ properties = {} }) => Object.entries(properties));
    const fields = members.map(([member, schema]) => fieldOf(name, member, schema));
    return [fieldOf(undefined, name, schema), ...fields].filter((field) => field !== undefined);
  });
}

/** The parts of a policy that can be switched off as a whole. */
export function partsOf({ properties = {} }: JsonSchema): string[] {
  return Object.keys(properties).filter((part) =>
    fieldsOf({ properties }).some((field) => field.part === part),
  );
}

/** The alternatives of an option that may also be `false`. */
function choicesOf(schema: JsonSchema): readonly JsonSchema[] {
  return schema.anyOf ?? [schema];
}

function fieldOf(part: string | undefined, name: string, schema: JsonSchema): Field | undefined {
  const number = choicesOf(schema).find(({ type }) => type === 'number' || type === 'integer');
  if (number === undefined || typeof schema.default !== 'number') return undefined;
  const max = Math.min(number.maximum ?? Number.POSITIVE_INFINITY, REACH * schema.default);
  const step = number.type === 'integer' ? 1 : 10 ** Math.floor(Math.log10(max)) / (max > 100 ? 100 : 20);
  const min = number.minimum ?? (number.exclusiveMinimum ?? 0) + step;
  const unit = MILLISECONDS.test(part === undefined ? name : `${part}.${name}`) ? 'ms' : '';
  return { part, name, unit, min, max, step, default: schema.default };
}
