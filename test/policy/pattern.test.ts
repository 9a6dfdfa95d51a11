import { URLPattern } from 'urlpattern-polyfill/urlpattern';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { parseEndpoint, rulePath } from '../../src/policy/pattern.ts';

const METHOD_LIST = (got: string) =>
  `must begin with methods, as in "GET,HEAD https://…", or with none to match all, got ${JSON.stringify(got)}`;

describe('an endpoint rule', () => {
  it('may begin with methods, in any case', () => {
    const methods = (key: string) => parseEndpoint(key).methods;
    expect(methods('POST https://x.example/a')).toEqual(new Set(['POST']));
    expect(methods('  query \t https://x.example/a ')).toEqual(new Set(['QUERY']));
    expect(methods('GET,head , Options https://x.example/a')).toEqual(new Set(['GET', 'HEAD', 'OPTIONS']));
    expect(methods('https://x.example/a')).toBeUndefined();
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
    ['https://api.example/a%2fb', 'https://api.example/a%2Fb', 'https://api.example/a%2fb'],
    ['https://api.example/:id/%C3%BC*', 'https://api.example/1/%c3%bc', 'https://api.example/1/üx'],
    ['https://*.example/%2f', 'https://a.example/%2F', 'https://a.example/%2f'],
    ['https://api.example/Orders\\(1\\)', 'https://api.example/Orders(1)'],
    ['https://api.example/Orders\\(:id\\)', 'https://api.example/Orders(42)'],
    ['https://api.example/items[0]', 'https://api.example/items[0]'],
    ['https://api.example/odata/\\$metadata', 'https://api.example/odata/$metadata'],
    ['https://api.example/a{/}?', 'https://api.example/a', 'https://api.example/a/'],
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
    ['https://api.example/a\\:b/(x|/y)/c', 'https://api.example', ['', 'a:b'], 'more'],
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
    ['* https://x.example/', METHOD_LIST('*')],
    ['GET|HEAD https://x.example/', METHOD_LIST('GET|HEAD')],
    ['GET HEAD https://x.example/', METHOD_LIST('GET HEAD')],
    ['GET/HEAD https://x.example/', METHOD_LIST('GET/HEAD')],
    ['GET, https://x.example/', METHOD_LIST('GET,')],
    ['[GET] https://x.example/', METHOD_LIST('[GET]')],
    ['POTS https://x.example/', 'can never apply: "POTS" is no HTTP method; did you mean POST?'],
    ['GET,DELTE https://x.example/', 'can never apply: "DELTE" is no HTTP method; did you mean DELETE?'],
    ['ANY https://x.example/', 'can never apply: "ANY" is no HTTP method'],
    ['CONNECT https://x.example/', 'can never apply: CONNECT opens a tunnel, which no policy ever sees'],
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

  it.each([
    ['/items/{id}', '{id}', ':id'],
    ['/items/{user-id}', '{user-id}', ':user_id'],
    ['/items/{id}/parts', '{id}', ':id'],
    ['/items/{id:int}', '{id:int}', ':id'],
    ['/items/{id?}', '{id?}', ':id?'],
    ['/files/{path*}', '{path*}', '*'],
    ['/files/{*path}', '{*path}', '*'],
    ['/files/{proxy+}', '{proxy+}', '*'],
    ['/files/{rest:path}', '{rest:path}', '*'],
    ['/items/{{id}}', '{{id}}', ':id'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: somebody forgot the backticks
    ['/items/${id}', '${id}', ':id'],
    ['/items/[id]', '[id]', ':id'],
    ['/items/[id]/parts', '[id]', ':id'],
    ['/files/[...path]', '[...path]', '*'],
    ['/files/[[...path]]', '[[...path]]', '*'],
    ['/items/<id>', '<id>', ':id'],
    ['/items/<int:id>', '<int:id>', ':id'],
    ['/files/<path:rest>', '<path:rest>', '*'],
    ['/items/$id', '$id', ':id'],
    ['/files/$', '$', '*'],
    ['/files/*splat', '*splat', '*'],
  ])('is refused with the parameters of another router: %s', (path, written, instead) => {
    expect(() => parseEndpoint(`GET https://x.example${path}`)).toThrow(
      `has ${JSON.stringify(written)}, which is no parameter here: write ${JSON.stringify(instead)}; `,
    );
  });

  it('is refused with a parameter of another router in its host', () => {
    expect(() => parseEndpoint('https://{tenant}.x.example/*')).toThrow('write ":tenant"');
  });

  it.each([
    ['/Orders(1)', '(1)', '\\(1\\)'],
    ['/Orders()', '()', '\\(\\)'],
    ["/Orders(ID=1,Lang='en')", "(ID=1,Lang='en')", "\\(ID=1,Lang='en'\\)"],
    ['/Orders(:id)', '(:id)', '\\(:id\\)'],
    ['/items(/:id)', '(/:id)', '{/:id}?'],
  ])('is refused with brackets that would be an expression, and need not be: %s', (path, group, instead) => {
    expect(() => parseEndpoint(`GET https://x.example${path}`)).toThrow(
      `has ${JSON.stringify(group)}, which is a regular expression here: write ${JSON.stringify(instead)}`,
    );
  });

  it.each([
    '/:id(\\d+)',
    '/(\\d+)',
    '/(en|de)/x',
    '/(en)?/x',
    '/:lang(en)/x',
    '/items{/:id}?',
    '/:name{suffix}',
    '/*.json',
    '/:id.json',
    '/v(.)',
    '/a\\{b\\}',
    '/:id([a-z]+)',
  ])('may have what URLPattern itself knows: %s', (path) => {
    expect(parseEndpoint(`https://x.example${path}`).origin).toBe('https://x.example');
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
