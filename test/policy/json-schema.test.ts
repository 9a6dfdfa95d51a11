import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dialects } from '../../src/model/dialect.ts';
import { PolicyError } from '../../src/model/errors.ts';
import { splitOptions } from '../../src/policy/client-options.ts';
import { defaults } from '../../src/policy/defaults.ts';
import { policySchema } from '../../src/policy/json-schema.ts';
import { METHODS } from '../../src/policy/methods.ts';
import { parseEndpoint } from '../../src/policy/pattern.ts';
import { buildPolicies } from '../../src/policy/policies.ts';
import { optionChecks } from '../../src/policy/validate.ts';
import { presets } from '../../src/presets/index.ts';
import { pages, textOf } from '../docs/pages.ts';
import { badOptions } from './bad-options.ts';

const schema = policySchema();
const accepts = new Ajv2020({ allErrors: true, strict: true, strictRequired: false }).compile(schema);

/** Whether the validator takes it, and a client can be made of it. */
function isValid(options: unknown): boolean {
  try {
    buildPolicies(splitOptions(options).rules);
    return true;
  } catch (error) {
    if (error instanceof PolicyError) return false;
    throw error;
  }
}

const rule = (policy: object) => ({ endpoints: { 'https://a.example/*': policy } });

describe('the JSON Schema accepts', () => {
  it('every policy in the docs', () => {
    const policies = policiesInDocs();
    expect(policies.length).toBeGreaterThanOrEqual(40);
    for (const policy of policies) {
      expect(isValid(policy), JSON.stringify(policy)).toBe(true);
      expect(accepts(policy), JSON.stringify([policy, accepts.errors])).toBe(true);
    }
  });

  it('the defaults, written out as the schema itself says them', () => {
    // Both are worked out from the rest, and are no options.
    const {
      scope: _scope,
      vouched: _vouched,
      ...written
    } = JSON.parse(JSON.stringify(defaults, (_, v) => (v === Number.POSITIVE_INFINITY ? false : v)));
    expect(accepts(written), JSON.stringify(accepts.errors)).toBe(true);
    // Everything else is a function or an object of the program.
    expect(Object.keys(optionChecks).filter((name) => schema.properties?.[name] === undefined)).toEqual([
      'fetch',
      'dispatcher',
    ]);
    expect(JSON.stringify(schema)).toContain(`"default":${defaults.timeout.attempt}`);
  });

  it('every dialect of the package, and its own name for editors', () => {
    for (const [name, dialect] of Object.entries(dialects)) {
      expect(accepts({ idempotency: name, ...rule({ idempotency: dialect }), $schema: 'x' })).toBe(true);
    }
    expect(
      accepts({ idempotency: { header: 'K', methods: METHODS.map((name) => name.toLowerCase()) } }),
    ).toBe(true);
  });
});

const bad: readonly object[] = [
  ...badOptions,
  { retry: { atempts: 1 } },
  { timeouts: {} },
  { timeout: { attempt: 0 } },
  { timeout: { total: 30 } },
  { timeout: 5_000 },
  { timeout: null },
  { retry: { attempts: 0 } },
  { retry: { attempts: 2.5 } },
  { retry: { statuses: [200] } },
  { retry: { statuses: 500 } },
  { retry: { when: 'always' } },
  { retry: 3 },
  { retries: 3 },
  { idempotency: true },
  { idempotency: 'strip' },
  { idempotency: {} },
  { idempotency: { header: 'X Key' } },
  { idempotency: { header: 'K', methods: ['PSOT'] } },
  { idempotency: { header: 'K', generate: 'uuid' } },
  { breaker: { scope: 'host' } },
  { breaker: { threshold: 50 } },
  { breaker: { window: 10 } },
  { budget: { ratio: 2 } },
  { limit: true },
  { fallback: 'cache' },
  { quota: 100 },
  { limit: { concurrency: 0 } },
  { limit: { concurrency: 'auto' } },
  { limit: { queue: -1 } },
  { hedge: true },
  { hedge: 'p95' },
  { hedge: { after: 'p42' } },
  { hedge: { after: 0 } },
  { hedge: { ratio: 0 } },
  { hedge: { ratio: 5 } },
  { buffer: 1.5 },
  { patience: -1 },
  { fetch: {} },
  { dispatcher: {} },
  { layers: 'yes' },
  { deadline: 5_000 },
  { deadline: 'a header' },
  { redact: true },
  { breakers: [{ scope: 'a', state: 'shut', since: 1 }] },
  { breakers: [{ scope: 'a', state: 'open' }] },
  { endpoints: [] },
  rule({ fetch: null }),
  rule({ retry: { attempts: -1 } }),
  rule({ endpoints: {} }),
  ...[
    'POST /v1/charges',
    'api.example/v1',
    'POTS https://a.example/',
    'GET|HEAD https://a.example/',
    'GET, https://a.example/',
    '* https://a.example/',
    'ftp://a.example/',
    'https:///a',
    'https://me:secret@a.example/',
    'https://a.example/a?q=1',
    'https://a.example/a#top',
    'https://a.example/items/{id}',
    'https://a.example/items/[id]/parts',
    'https://a.example/items/<int:id>',
    'https://a.example/items/$id',
  ].map((key) => ({ endpoints: { [key]: {} } })),
];

describe('the JSON Schema refuses', () => {
  it.each(bad)('what the validator refuses: %j', (options) => {
    expect(isValid(options)).toBe(false);
    expect(accepts(options)).toBe(false);
  });

  it.each<[string, object]>([
    ['an attempt that is longer than its call', { timeout: { attempt: 9_000, total: 1_000 } }],
    ['a pause that begins above its cap', { retry: { base: 9_000 } }],
    ['a status that is retried and never retried', { idempotency: { header: 'K', retryStatuses: [422] } }],
    ['a rule out of reach', { endpoints: { 'https://a.example/*': {}, 'https://a.example/b': {} } }],
    ['numbers in a rule that shares its scope', rule({ breaker: { scope: 'origin', minimum: 5 } })],
    ['a pattern that is none', { endpoints: { 'https://a.example/(': {} } }],
  ])('nothing that takes two values, or URLPattern, to be wrong, as this: %s', (_what, options) => {
    expect(isValid(options)).toBe(false);
    expect(accepts(options)).toBe(true);
  });
});

describe('the JSON Schema and the validator agree', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      false,
      true,
      null,
      0,
      -1,
      1,
      0.5,
      2,
      4,
      99,
      100,
      101,
      404,
      500,
      2_147_483_647,
      2_147_483_648,
    ),
    fc.constantFrom<unknown>(
      '',
      'origin',
      'endpoint',
      'stripe',
      'plain',
      'POST',
      'X-Key',
      [],
      [500],
      [404, 200],
      ['POST'],
      {},
    ),
  );
  const paths = everyPath();

  it('on every option, whatever its value', () => {
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, fc.boolean(), (path, value, isRule) => {
        const [part = '', member] = path.split('.');
        const header = part === 'idempotency' && member !== 'header' ? { header: 'K' } : {};
        const policy = { [part]: member === undefined ? value : { ...header, [member]: value } };
        const options = isRule ? rule(policy) : policy;
        // What takes two values to be wrong is no matter of the schema.
        const message = refusalOf(options);
        if (message !== undefined && /must not|cannot be set/.test(message)) return;
        expect(accepts(options), `${JSON.stringify(options)}: ${message}`).toBe(message === undefined);
      }),
      { numRuns: 3_000 },
    );
  });

  it('on every key of a rule that the validator accepts', () => {
    const piece = fc.constantFrom(
      'a',
      ':id',
      '*',
      '{/:x}?',
      '\\{a\\}',
      '\\$a',
      '$',
      '(\\d+)',
      'a{b}?',
      '[0]',
      ':n{x}',
      '%2f',
      '@a',
      ':y?',
    );
    const start = fc.constantFrom('', 'GET ', ' get , Head  ', 'QUERY\t');
    const origin = fc.constantFrom(
      'https://a.example',
      'HTTP://a.example:80',
      'http{s}?://*.example',
      '*://*',
      'https://[::1]',
      ':p://a.example',
      'https://:t.example',
    );
    fc.assert(
      fc.property(start, origin, fc.array(piece, { maxLength: 4 }), (start, origin, pieces) => {
        const key = `${start}${origin}/${pieces.join('/')}`;
        try {
          parseEndpoint(key);
        } catch {
          return;
        }
        expect(accepts({ endpoints: { [key]: {} } }), key).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

function refusalOf(options: unknown): string | undefined {
  try {
    buildPolicies(splitOptions(options).rules);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Every option that JSON can hold, as the schema has them. */
function everyPath(): string[] {
  return Object.entries(schema.$defs?.policy?.properties ?? {}).flatMap(([part, { anyOf = [] }]) => {
    const members = anyOf.flatMap(({ properties }) => Object.keys(properties ?? {}));
    return [part, ...members.map((name) => `${part}.${name}`)];
  });
}

/** What is given to a client, or as a policy, in a code block of the docs. Functions are left out: JSON has none. */
function policiesInDocs(): unknown[] {
  return pages().flatMap((page) => {
    const blocks = [...textOf(page).matchAll(/^```(?:ts|js|json)\b[^\n]*\n(.*?)^```$/gms)].map(
      ([, code = '']) => code,
    );
    const files = blocks.filter((code) => code.includes('"$schema": "./')).map((code) => JSON.parse(code));
    const inCode = blocks.flatMap((code) =>
      [...code.matchAll(/(?:createFetch|resilience|\.extend|\.update|policy:)\s*\(?\s*(?=\{)/g)].map(
        (found) => {
          const literal = balanced(code, found.index + found[0].length);
          return JSON.parse(JSON.stringify(evaluate(literal)));
        },
      ),
    );
    return [...files, ...inCode];
  });
}

/** What a snippet takes for granted (a `fetch`, a logger) is undefined here, and so not part of the policy. */
function evaluate(literal: string): unknown {
  const known: Record<string, unknown> = { dialects, presets };
  const scope = new Proxy(known, { has: () => true, get: (_, name) => known[String(name)] });
  return new Function('scope', `with (scope) { return (${literal}); }`)(scope);
}

function balanced(code: string, from: number): string {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return code.slice(from, at + 1);
  }
  throw new Error(`no end: ${code.slice(from)}`);
}
