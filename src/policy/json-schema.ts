import { objectSchema } from '../options/checks.ts';
import type { JsonSchema } from '../options/json-schema.ts';
import { ownChecks } from './client-options.ts';
import { defaults } from './defaults.ts';
import { optionChecks, policyChecks } from './validate.ts';

/**
 * The JSON Schema of the options of `createFetch`. It is made from the validator's own checks, so both agree on every option.
 * Mistakes that involve two values (an attempt that is longer than its call, a rule that another one hides) are only found by the
 * validator. Published as `steadfetch/policy.schema.json`.
 */
export function policySchema(): JsonSchema {
  const policy = withDefaults(objectSchema(policyChecks));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Options of a steadfetch client',
    ...withDefaults(objectSchema({ ...optionChecks, ...ownChecks })),
    $defs: { policy },
  };
}

/** Adds the defaults, because editors show the default of an option. */
function withDefaults(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([part, described]) => [
    part,
    withDefault(described, part),
  ]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

function withDefault(schema: JsonSchema, part: string): JsonSchema {
  const preset: unknown = Reflect.get(defaults, part);
  if (preset === undefined) return schema;
  if (typeof preset !== 'object' || preset === null) return { ...schema, default: inJson(preset) };
  return {
    ...schema,
    ...(schema.anyOf && {
      anyOf: schema.anyOf.map((choice) =>
        choice.properties === undefined
          ? choice
          : { ...choice, properties: memberDefaults(choice.properties, preset) },
      ),
    }),
  };
}

function memberDefaults(
  properties: Readonly<Record<string, JsonSchema>>,
  presets: object,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const preset: unknown = Reflect.get(presets, name);
      return [name, preset === undefined ? schema : { ...schema, default: inJson(preset) }];
    }),
  );
}

function inJson(value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? false : value;
}
