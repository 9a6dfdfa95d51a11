import { URLPattern } from 'urlpattern-polyfill/urlpattern';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseEndpoint, rulePath } from '../../src/policy/pattern.ts';

describe('an endpoint rule', () => {
  it('may begin with a method, in any case and any method', () => {
    expect(parseEndpoint('POST https://x.example/a').method).toBe('POST');
    expect(parseEndpoint('  query \t https://x.example/a ').method).toBe('QUERY');
    expect(parseEndpoint('https://x.example/a').method).toBeUndefined();
  });

  it.each([
    ['https://api.example', 'https://api.example/', 'https://api.example/any/path'],
    ['https://api.example/', 'https://api.example/'],
    ['https://API.example:443/A', 'https://api.example/A'],
    ['HTTP://api.example:80/a', 'http://api.example/a'],
    ['https://api.example:08443/a', 'https://api.example:8443/a'],
    [
      'https://api.example/v1/charges/:id',
      'https://api.example/v1/charges/7',
      'https://api.example/v1/charges/a%2Fb',
    ],
    ['https://api.example/items/:id?', 'https://api.example/items', 'https://api.example/items/7'],
    [
      'https://api.example/items{/:id}?/parts',
      'https://api.example/items/parts',
      'https://api.example/items/1/parts',
    ],
    ['https://api.example/(\\d+)', 'https://api.example/42'],
    ['https://api.example/charges\\:batch', 'https://api.example/charges:batch'],
    ['https://api.example/über uns/*', 'https://api.example/%C3%BCber%20uns/x'],
    ['https://münchen.example/*', 'https://xn--mnchen-3ya.example/x'],
    ['https://*.catalog.example/*', 'https://eu.catalog.example/x', 'https://a.b.catalog.example/'],
    ['https://:tenant.api.example:8443/a', 'https://acme.api.example:8443/a'],
    ['http{s}?://api.example/a', 'http://api.example/a', 'https://api.example/a'],
    ['*://api.example/a', 'http://api.example/a', 'https://api.example/a'],
    ['http://127.1:3000/a', 'http://127.0.0.1:3000/a'],
    ['http://[::1]/a', 'http://[::1]/a'],
    ['http://[0:0::0:1]:8080/a', 'http://[::1]:8080/a'],
    ['https://[FE80::A]/*', 'https://[fe80::a]/'],
  ])('matches what its pattern says: %s', (key, ...urls) => {
    const { test } = parseEndpoint(key);
    for (const url of urls) expect(test(new URL(url)), url).toBe(true);
  });

  it.each([
    ['https://api.example/a', 'https://api.example/a/', 'https://api.example/A', 'https://api.example/a/b'],
    ['https://api.example/a/', 'https://api.example/a'],
    [
      'https://api.example/a',
      'http://api.example/a',
      'https://api.example:8443/a',
      'https://x.api.example/a',
    ],
    [
      'https://api.example/:id',
      'https://api.example/',
      'https://api.example/7/8',
      'https://api.example//7/8',
    ],
    ['https://*.catalog.example/*', 'https://catalog.example/x', 'https://evilcatalog.example/x'],
    ['https://api.example/v1/*', 'https://api.example/v1', 'https://api.example/v10/x'],
  ])('matches nothing else: %s', (key, ...urls) => {
    const { test } = parseEndpoint(key);
    for (const url of urls) expect(test(new URL(url)), url).toBe(false);
  });

  it.each([
    ['https://api.example:443/v1/charges/:id', 'https://api.example', ['', 'v1', 'charges'], 'segment'],
    ['https://api.example/:tenant/orders/:id', 'https://api.example', ['', undefined, 'orders'], 'segment'],
    ['https://api.example/v1/charges/:id?', 'https://api.example', ['', 'v1', 'charges'], 'more'],
    ['https://api.example/v1/charges/:id(\\d+)', 'https://api.example', ['', 'v1', 'charges'], 'more'],
    ['https://api.example/v1/a/:id?b', 'https://api.example', ['', 'v1'], 'more'],
    ['https://api.example/v1/a/*?*', 'https://api.example', ['', 'v1'], 'more'],
    ['https://api.example/:tenant/orders/*', 'https://api.example', ['', undefined, 'orders'], 'anything'],
    ['https://api.example/v1/char*', 'https://api.example', ['', 'v1'], 'more'],
    ['https://api.example/a/:id.json/b', 'https://api.example', ['', 'a'], 'more'],
    ['https://api.example/a/:id(\\d+)/b', 'https://api.example', ['', 'a'], 'more'],
    ['https://api.example/a\\:b/(x/y)/c', 'https://api.example', ['', 'a:b'], 'more'],
    ['https://api.example/a{/b}?/c', 'https://api.example', [''], 'more'],
    ['https://api.example/a/../b/', 'https://api.example', ['', 'b', ''], 'nothing'],
    ['https://api.example', 'https://api.example', [], 'anything'],
    ['http://[0:0::1]:80/a', 'http://[::1]', ['', 'a'], 'nothing'],
    ['https://*.example/a', undefined, ['', 'a'], 'more'],
    ['http{s}?://api.example/a', undefined, ['', 'a'], 'more'],
    ['https://api.example:*/a', undefined, ['', 'a'], 'more'],
  ])('tells an index where to file it: %s', (key, origin, segments, rest) => {
    expect(parseEndpoint(key)).toMatchObject({ origin, segments, rest });
  });

  it.each([
    ['', 'must be absolute, such as "POST https://api.example/v1/charges"'],
    ['POST', 'must be absolute, such as "POST https://api.example/v1/charges"'],
    ['POST /v1/charges', 'must be absolute, such as "POST https://api.example/v1/charges"'],
    ['api.example/v1', 'must be absolute, such as "POST https://api.example/v1/charges"'],
    ['* https://x.example/', 'must begin with one method, or with none to match all, got "*"'],
    ['GET,POST https://x.example/', 'must begin with one method, or with none to match all, got "GET,POST"'],
    ['ftp://x.example/a', 'must be for http or https'],
    ['https:///a', 'has no host'],
    ['https://1.2.3.4.5/a', 'has no valid host: https://1.2.3.4.5'],
    ['https://x.example:99999/a', 'has no valid host: https://x.example:99999'],
    ['https://node{1}?.example/', 'has a host that URLPattern reads as node{0.0.0.1}?.example'],
    ['https://x.example/(', "is not a URL pattern: invalid pathname pattern '/('."],
    ['https://x.example/:a/:a', "is not a URL pattern: invalid pathname pattern '/:a/:a'."],
  ])('is refused with the reason: %j', (key, why) => {
    expect(() => parseEndpoint(key)).toThrow(`endpoints[${JSON.stringify(key)}] ${why}`);
  });

  it.each([
    'https://x.example/a?q=1',
    'https://x.example/:id\\?q=1',
    'https://x.example/:id?q=:q',
    'https://x.example/*?page=*',
    'https://x.example?q',
    'https://x.example/a#top',
    'https://x.example/#',
  ])('is refused if it has a query or fragment, since nobody looks at them: %s', (key) => {
    expect(() => parseEndpoint(key)).toThrow('must not have a query or fragment');
  });

  it('is refused if it has a user or password, without showing them', () => {
    expect(() => parseEndpoint('POST https://me:secret@x.example/@scope')).toThrow(
      'endpoints["POST https://…@x.example/@scope"] must not have a user or password: they are never looked at',
    );
    expect(rulePath('https://x.example/@scope')).toBe('endpoints["https://x.example/@scope"]');
  });
});

describe('where the runtime has no URLPattern', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('the library takes its place, and the global stays as it is', () => {
    vi.stubGlobal('URLPattern', undefined);
    expect(parseEndpoint('https://x.example/:id').test(new URL('https://x.example/7'))).toBe(true);
    expect(Reflect.get(globalThis, 'URLPattern')).toBeUndefined();
  });

  it('the runtime comes first where it has one', () => {
    const made: unknown[] = [];

    vi.stubGlobal(
      'URLPattern',
      class extends URLPattern {
        constructor(pattern: string) {
          super(pattern);
          made.push(pattern);
        }
      },
    );
    parseEndpoint('https://x.example/:id');
    expect(made).toEqual(['https://x.example/:id']);
  });
});
