import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../src/policy/pattern.ts';
import { findUnreachable } from '../../src/policy/unreachable.ts';
import { checkOptions } from '../../src/policy/validate.ts';
import { compilePolicies } from '../support/compile-policies.ts';

const compile = (...keys: string[]) =>
  compilePolicies({ endpoints: Object.fromEntries(keys.map((key) => [key, {}])) });

describe('a rule that no request can ever reach is refused', () => {
  it.each([
    ['https://a.example/*', 'POST https://a.example/v1/charges'],
    ['https://a.example', 'https://a.example/v1'],
    ['GET,HEAD https://a.example/v1', 'head https://a.example/v1'],
    ['https://a.example/v1/:id', 'https://a.example/v1/charges'],
    ['https://a.example/v1/:id', 'https://a.example/v1/:key'],
    ['https://a.example/v1/:id?', 'https://a.example/v1'],
    ['https://a.example/*', 'https://a.example/items/:id?'],
    ['https://a.example/*', 'https://a.example/:id([a-z]+)'],
    ['https://a.example/a*', 'https://a.example/abc/*'],
    ['https://a.example/:id(\\d+)', 'https://a.example/42'],
    ['https://a.example/*/b', 'https://a.example/:a/b'],
    ['https://A.example:443/v1', 'https://a.example/v1'],
    ['https://a.example/%2f', 'https://a.example/%2F'],
    ['https://*.example/*', 'https://a.example/v1'],
    ['https://*.example/*', 'https://:tenant.eu.example/v1'],
    ['http{s}?://a.example/*', 'https://a.example/v1'],
    ['https://a.example:*/v1', 'https://a.example:8443/v1'],
    ['*://*/*', 'https://a.example/v1'],
  ])('%s before %s', (first, second) => {
    const path = (key: string) => `endpoints[${JSON.stringify(key)}]`;
    expect(() => compile(first, second)).toThrow(
      `${path(second)} can never apply: ${path(first)} comes before it and takes every such request; ` +
        'the first rule that matches applies, so write the narrower one first',
    );
    if (!first.includes('A.') && first.includes('*')) expect(() => compile(second, first)).not.toThrow();
  });

  it('but one that something is left for is not', () => {
    compile('GET https://a.example/v1', 'GET,HEAD https://a.example/v1');
    compile('https://a.example/', 'https://a.example/v1');
    compile('https://a.example/v1/*', 'https://a.example/v1/:id?');
    compile('https://a.example/v1/:id', 'https://a.example/v1/:id/');
    compile('https://a.example/:id([a-z]+)', 'https://a.example/:id');
    compile('https://*.a.example/*', 'https://a.example/v1');
    compile('https://:tenant.example/*', 'https://*.example/*');
    compile('https://a.example/v1', 'http{s}?://a.example/v1');
  });

  it('but a client that is extended may be outdone by its extension', () => {
    const policies = compile('https://a.example/v1').merge(
      checkOptions({ endpoints: { 'https://a.example/*': { buffer: 1 } } }),
    );
    expect(policies.find('GET', new URL('https://a.example/v1'), undefined).buffer).toBe(1);
  });
});

describe('whatever the rules are', () => {
  const segment = fc.constantFrom('a', 'b', ':x', ':y?', '*', ':n(\\d+)', 'a*', '{a}?b', '12', '(a|b)');
  const origin = fc.constantFrom(
    'https://a.example',
    'https://*.example',
    'http{s}?://a.example',
    '*://:h.example',
  );
  const key = fc
    .tuple(fc.constantFrom('', 'GET ', 'GET,POST '), origin, fc.array(segment, { maxLength: 3 }))
    .map(
      ([methods, origin, segments]) =>
        `${methods}${origin}/${segments.map((text, at) => text.replace(/:([xyn])/, `:$1${at}`)).join('/')}`,
    );
  const urls = ['https://a.example', 'http://a.example', 'https://b.example', 'https://c.a.example'].flatMap(
    (host) =>
      [
        '',
        'a',
        'b',
        '12',
        'x',
        'ab',
        'a/',
        'a/a',
        'a/b',
        'a/12',
        'x/y',
        '12/a/b',
        'a/b/a',
        'x//y',
        'a/x/y/z',
        'ba/b',
      ].map((path) => new URL(`${host}/${path}`)),
  );

  it('a rule that counts as out of reach matches nothing that the one before it does not', () => {
    let found = 0;
    fc.assert(
      fc.property(fc.array(key, { minLength: 2, maxLength: 6 }), (keys) => {
        const rules = keys.map((key) => ({ key, ...parseEndpoint(key) }));
        const unreachable = findUnreachable(rules);
        if (unreachable === undefined) return;
        found++;
        const { rule, taken } = unreachable;
        for (const url of urls) {
          if (rule.test(url))
            expect(taken.test(url), `${taken.key} takes ${url} from ${rule.key}`).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(20);
  });
});
