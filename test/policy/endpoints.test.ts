import fc from 'fast-check';
import { URLPattern as Polyfill } from 'urlpattern-polyfill/urlpattern';
import { describe, expect, it } from 'vitest';
import type { CallUrl } from '../../src/http/call-url.ts';
import { compileEndpoints } from '../../src/policy/endpoints.ts';
import { parseEndpoint } from '../../src/policy/pattern.ts';

/** The key of the rule that matches. */
function matcher(...keys: string[]): (method: string, url: string) => string | undefined {
  const match = compileEndpoints(keys.map((key) => ({ key, ...parseEndpoint(key) })));
  return (method, url) => match(method, new URL(url))?.key;
}

describe('endpoint rules', () => {
  it('apply in the order in which they were written, however special they are', () => {
    const match = matcher(
      'https://*.example/v1/:any',
      'POST https://api.example/v1/charges',
      'https://api.example/*',
    );
    expect(match('POST', 'https://api.example/v1/charges')).toBe('https://*.example/v1/:any');
    expect(match('POST', 'https://api.example/v1/charges/1')).toBe('https://api.example/*');
  });

  it('are for one method, or for all', () => {
    const match = matcher('POST https://api.example/a', 'https://api.example/*');
    expect(match('POST', 'https://api.example/a')).toBe('POST https://api.example/a');
    expect(match('post', 'https://api.example/a')).toBe('POST https://api.example/a');
    expect(match('GET', 'https://api.example/a')).toBe('https://api.example/*');
  });

  it('do not look at query, fragment and credentials', () => {
    const match = matcher('https://api.example/a');
    expect(match('GET', 'https://me:secret@api.example/a?b=/c#d')).toBe('https://api.example/a');
  });

  it('may match nothing', () => {
    expect(matcher()('GET', 'https://api.example/')).toBeUndefined();
    const match = matcher('https://api.example/a');
    expect(match('GET', 'https://api.example/b')).toBeUndefined();
    expect(match('GET', 'https://api.example/b')).toBeUndefined();
    expect(match('GET', 'data:text/plain,x')).toBeUndefined();
  });

  it('agree with testing every pattern in turn', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(rule, { selector: ({ key }) => key, maxLength: 12 }),
        calls,
        (rules, calls) => {
          const match = matcher(...rules.map(({ key }) => key));
          for (const { method, url } of calls) {
            const inTurn = rules.find(
              (rule) => (rule.method ?? method) === method && standard(rule.pattern).test(url),
            );
            expect(match(method, url), `${method} ${url}`).toBe(inTurn?.key);
          }
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);
});

describe('a thousand rules', () => {
  const tested: string[] = [];
  const match = compileEndpoints(
    Array.from({ length: 1_000 }, (_, n) => {
      const path = [`/v1/r${n}/:id`, `/:tenant/t${n}`, `/v1/list${n}`, `/v1/opt${n}/:id?`][n % 4];
      const key = `${n % 3 === 0 ? 'POST ' : ''}https://api.example${path}`;
      const pattern = parseEndpoint(key);
      return {
        ...pattern,
        key,
        test(url: CallUrl) {
          tested.push(key);
          return pattern.test(url);
        },
      };
    }),
  );
  const find = (method: string, url: string) => {
    tested.length = 0;
    return match(method, new URL(url))?.key;
  };

  it.each([
    ['POST', '/v1/r996/7', 'POST https://api.example/v1/r996/:id'],
    ['GET', '/acme/t997', 'https://api.example/:tenant/t997'],
    ['GET', '/v1/list998', 'https://api.example/v1/list998'],
    ['GET', '/v1/opt995', 'https://api.example/v1/opt995/:id?'],
    ['GET', '/v1/nowhere', undefined],
  ])('are not tested one by one: %s %s', (method, path, key) => {
    expect(find(method, `https://api.example${path}`)).toBe(key);
    expect(tested.length).toBeLessThanOrEqual(1);
  });

  it('are not tested at all for a URL seen lately, whatever its query', () => {
    const key = 'https://api.example/v1/opt7/:id?';
    expect(find('GET', 'https://api.example/v1/opt7?page=1')).toBe(key);
    expect(tested).toEqual([key]);
    expect(find('GET', 'https://api.example/v1/opt7?page=2')).toBe(key);
    expect(tested).toEqual([]);
    find('GET', 'https://api.example/v1/opt7/a/b');
    expect(find('GET', 'https://api.example/v1/opt7/a/b')).toBeUndefined();
    expect(tested).toEqual([]);
  });

  it('are not tested at all where the index can tell', () => {
    for (const path of ['/v1/list2', '/v1/list2/', '/v1/r4/7', '/v1/r4/', '/acme/t1', '//t1']) {
      find('GET', `https://api.example${path}`);
      expect(tested).toEqual([]);
    }
    expect(find('GET', 'https://api.example/v1/r4/7')).toBe('https://api.example/v1/r4/:id');
    expect(find('GET', 'https://api.example/v1/r4/')).toBeUndefined();
    expect(find('GET', 'https://api.example/v1/list2/')).toBeUndefined();
  });
});

/** By the runtime's own URLPattern where it has one. */
function standard(pattern: string): { test(url: string): boolean } {
  const native: typeof Polyfill | undefined = Reflect.get(globalThis, 'URLPattern');
  return new (native ?? Polyfill)(pattern);
}

/** How an origin may be written in a rule, and as the standard wants it. */
const origins = [
  ['https://a.example', 'https://a.example'],
  ['HTTPS://A.Example:443', 'https://a.example'],
  ['http://a.example:8080', 'http://a.example:8080'],
  ['http://[0:0::1]:8080', 'http://[\\:\\:1]:8080'],
  ['http://127.1', 'http://127.0.0.1'],
  ['https://*.example', 'https://*.example'],
  ['https://:sub.b.example', 'https://:sub.b.example'],
  ['https://a.example:*', 'https://a.example:*'],
  ['http{s}?://a.example', 'http{s}?://a.example'],
  ['*://*', '*://*'],
] as const;

const method = fc.constantFrom('GET', 'POST');

const segment = fc.constantFrom(
  ...[
    '/a',
    '/b',
    '/a',
    '/b',
    '/A',
    '/',
    '/é',
    '/a b',
    '/%7E',
    '/a\\:b',
    '/.',
    '/..',
    '/(a|b)',
    '/(\\d+)',
    '/a*',
  ],
  ...[
    '/*',
    '/*?',
    '/x{y}?',
    '{/a}?',
    '{/a/b}?',
    '{/b}*',
    '/:n',
    '/:n',
    '/:n',
    '/:n?',
    '/:n*',
    '/:n+',
    '{/:n}?',
  ],
  ...['/:n.json', '/:n(\\d+)', '/{:n}', '/a\\\\:n', '{a}?', '\\.x', '*', ':n', '\\/b'],
);

const rule = fc
  .tuple(
    fc.option(method, { nil: undefined }),
    fc.constantFrom(...origins),
    fc.array(segment, { maxLength: 4 }),
  )
  .map(([method, [written, wanted], segments]) => {
    // A name may be there only once.
    const path = segments.map((segment, at) => segment.replace(':n', `:n${'abcd'[at]}`)).join('');
    // Where the origin goes on, it is another origin.
    const origin = /^(\/|$)/.test(path) ? wanted : written;
    return { method, key: `${method ? `${method} ` : ''}${written}${path}`, pattern: `${origin}${path}` };
  })
  .filter(({ key }) => {
    try {
      return parseEndpoint(key) !== undefined;
    } catch {
      return false;
    }
  });

const url = fc
  .tuple(
    fc.constantFrom(
      ...['https://a.example', 'https://a.example', 'http://a.example', 'http://a.example:8080'],
      ...['http://[::1]:8080', 'http://127.0.0.1', 'https://c.b.example', 'https://a.example:8443'],
    ),
    fc.array(
      fc.constantFrom(
        '/a',
        '/b',
        '/a',
        '/b',
        '/',
        '/A',
        '/é',
        '/a b',
        '/~',
        '/%7E',
        '/a:b',
        '/1',
        '/x',
        '/xy',
      ),
      {
        maxLength: 4,
      },
    ),
    fc.constantFrom('', '', '.json', '.x', '/', '?q=/a', '#h'),
  )
  .map(([origin, path, rest]) => new URL(`${origin}${path.join('') || '/'}${rest}`).href)
  // Two slashes in front are a host to the library that we compare with.
  .filter((url) => !new URL(url).pathname.startsWith('//'));

const calls = fc.array(fc.record({ method, url }), { minLength: 1, maxLength: 12 });
