import { FormData as UndiciFormData, Headers as UndiciHeaders, Request as UndiciRequest } from 'undici';
import { describe } from 'vitest';
import type { FetchLike } from '../../src/index.ts';
import { outcome } from './observe.ts';
import { type Observe, type Stage, sameAsFetch } from './same-as-fetch.ts';

type Arguments = (url: string) => Parameters<FetchLike>;

/** undici's own class, under the type of the runtime's. */
const OwnRequest = UndiciRequest as unknown as typeof Request;
const OwnHeaders = UndiciHeaders as unknown as typeof Headers;

/** What the server saw and what came back when `fetch` is given these arguments. */
const called =
  (make: Arguments): Observe =>
  async ({ fetch, server, url }) => ({ outcome: await outcome(fetch(...make(url))), seen: server.seen });

/**
 * Without the header in which the runtime's `fetch` and undici's call themselves something else; and whatever the
 * case and the order of names, because undici can only read the runtime's Headers the way the standard shows them.
 */
const anonymous =
  (observe: Observe): Observe =>
  async (stage) => {
    const result = (await observe(stage)) as { seen: Stage['server']['seen'] };
    const seen = result.seen.map((request) => ({
      ...request,
      headers: request.headers
        .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        .filter((line) => !line.startsWith('user-agent'))
        .sort(),
    }));
    return { ...result, seen };
  };

const odd = (value: unknown) => value as never;

describe('the first argument', () => {
  sameAsFetch(
    'a string',
    called((url) => [`${url}/a?b=c#d`]),
  );
  sameAsFetch(
    'a URL',
    called((url) => [new URL(`${url}/a?b=c#d`)]),
  );
  sameAsFetch(
    'anything with a toString',
    called((url) => [odd({ toString: () => `${url}/x` })]),
  );
  sameAsFetch(
    'a URL that needs cleaning up',
    called((url) => [`  ${url}/a b/../ü?q=é#f `]),
  );
  sameAsFetch(
    'a question mark with nothing after it',
    called((url) => [`${url}/a?`]),
  );
  sameAsFetch(
    'a data: URL',
    called(() => ['data:text/plain;base64,aGVsbG8=']),
  );
  sameAsFetch('a blob: URL', async ({ fetch }) => {
    const url = URL.createObjectURL(new Blob(['hello'], { type: 'text/x-blob' }));
    const result = (await outcome(fetch(url))) as { response: object };
    return { ...result.response, url: undefined };
  });
});

/** Every way to call with a Request, for each class of Request. */
const withRequest = (R: typeof Request): Record<string, Arguments> => ({
  'a Request': (url) => [new R(`${url}/a?b=c#d`)],
  'a Request with everything': (url) => [
    new R(
      url,
      odd({
        method: 'PUT',
        headers: { 'X-A': '1', 'x-b': '2' },
        body: 'text',
        cache: 'reload',
        credentials: 'include',
        redirect: 'manual',
        mode: 'same-origin',
        integrity: '',
        keepalive: true,
      }),
    ),
  ],
  'a Request whose method is overridden': (url) => [
    new R(url, { method: 'POST', body: 'x' }),
    { method: 'PUT' },
  ],
  'a Request whose headers are overridden': (url) => [
    new R(url, { headers: { a: '1', b: '2' } }),
    { headers: { b: '3' } },
  ],
  'a Request whose body is overridden': (url) => [
    new R(url, { method: 'POST', body: new URLSearchParams('a=b') }),
    { body: 'text' },
  ],
  'a Request with overrides that are undefined': (url) => [
    new R(url, { method: 'POST', headers: { a: '1' }, body: 'x' }),
    odd({ method: undefined, headers: undefined, body: undefined, redirect: undefined, signal: undefined }),
  ],
  'a Request with a body of null over its own': (url) => [
    new R(url, { method: 'POST', body: 'x' }),
    { body: null },
  ],
  'a Request with a signal of null over its own': (url) => [
    new R(url, { signal: new AbortController().signal }),
    { signal: null },
  ],
  'a Request that an init without members is merged over': (url) => [new R(url, { headers: { a: '1' } }), {}],
  'a Request with unknown members over it': (url) => [new R(url), odd({ color: 'red' })],
  'a Request as the init': (url) => [
    url,
    new R('http://other.example/', { method: 'PUT', headers: { a: '1' } }),
  ],
  'a Request with a body as the init': (url) => [
    url,
    new R('http://other.example/', { method: 'PUT', body: 'text', headers: { 'X-A': '1' } }),
  ],
  'a Request for a data: URL': () => [new R('data:text/plain,hello')],
  'a Request of a class that extends it': (url) => [new (class extends R {})(url, { headers: { a: '1' } })],
});

describe("undici's own Request", () => {
  for (const [name, make] of Object.entries(withRequest(OwnRequest))) sameAsFetch(name, called(make));
});

describe("the runtime's Request", () => {
  for (const [name, make] of Object.entries(withRequest(Request))) {
    sameAsFetch(name, anonymous(called(make)), globalThis.fetch);
  }
});

describe('the second argument', () => {
  const inits: Record<string, unknown> = {
    'is missing': undefined,
    'is null': null,
    'has no members': {},
    'has no prototype': Object.assign(Object.create(null), { method: 'DELETE' }),
    'inherits its members': Object.create({ method: 'PUT', headers: { a: '1' }, body: 'inherited' }),
    'shadows an inherited member with undefined': Object.create(
      { method: 'PUT' },
      { method: { value: undefined, enumerable: true } },
    ),
    'has members that cannot be enumerated': Object.defineProperty({}, 'method', { value: 'DELETE' }),
    'has getters': {
      get method() {
        return 'DELETE';
      },
    },
    'is a class instance': new (class {
      method = 'PUT';
      get body() {
        return 'from a getter';
      }
    })(),
    'has members that are undefined': {
      method: undefined,
      headers: undefined,
      body: undefined,
      signal: undefined,
      redirect: undefined,
      mode: undefined,
      window: undefined,
    },
    'has members that are null where that is allowed': { body: null, signal: null, window: null },
    'has members that nobody knows': { color: 'red', proxy: 'none', agent: {} },
    'has every member that does nothing here': {
      cache: 'no-store',
      credentials: 'omit',
      keepalive: true,
      mode: 'cors',
      priority: 'low',
      referrer: '',
      referrerPolicy: 'no-referrer',
      window: null,
      duplex: 'half',
    },
    'names a referrer': { referrer: 'https://from.example/page?secret', referrerPolicy: 'unsafe-url' },
    'wants the cache asked': { cache: 'no-cache' },
    'wants the cache renewed': { cache: 'reload' },
    'is for a mode that tells nobody': { mode: 'no-cors' },
    'is for the same origin': { mode: 'same-origin', credentials: 'same-origin' },
    'is a frozen one': Object.freeze({ method: 'PUT', headers: Object.freeze({ a: '1' }), body: 'x' }),
  };
  for (const [name, init] of Object.entries(inits)) {
    sameAsFetch(
      `an init that ${name}`,
      called((url) => [url, odd(init)]),
    );
  }
});

describe('the method', () => {
  const methods = [
    'get',
    'GeT',
    'head',
    'OPTIONS',
    'post',
    'pUt',
    'delete',
    'PATCH',
    'QUERY',
    'query',
    'propfind',
  ];
  for (const method of methods)
    sameAsFetch(
      `${method} is sent as`,
      called((url) => [url, { method }]),
    );
  sameAsFetch(
    'null is a word like any other',
    called((url) => [url, { method: odd(null) }]),
  );
  sameAsFetch(
    'an object that names one',
    called((url) => [url, { method: odd({ toString: () => 'put' }) }]),
  );
});

describe('headers', () => {
  const forms: Record<string, () => unknown> = {
    'as a record': () => ({ 'X-Upper': '1', lower: '2', Accept: 'text/html' }),
    'as pairs': () => [
      ['X-Upper', '1'],
      ['a', '1'],
      ['A', '2'],
    ],
    "as the runtime's Headers": () => new Headers({ 'X-Upper': '1', b: '2' }),
    "as undici's Headers": () => new OwnHeaders({ 'X-Upper': '1', b: '2' }),
    'as a Map': () => new Map([['X-Upper', '1']]),
    'as a generator that gives them once': () =>
      (function* () {
        yield ['a', '1'];
        yield new Set(['b', '2']);
      })(),
    'with values that are no strings': () => ({ a: 1, b: true, c: null, d: undefined, e: ['x', 'y'] }),
    'with white space around values': () => ({ a: '  1\t' }),
    'with several cookies': () => [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
      ['set-cookie', 'c=3'],
      ['set-cookie', 'd=4'],
    ],
    'in latin1': () => ({ a: 'caf\u00e9' }),
    'that a browser would forbid': () => ({
      host: 'evil.example',
      origin: 'https://evil.example',
      referer: 'https://evil.example/',
      'user-agent': 'mine',
      'accept-encoding': 'identity',
      'sec-fetch-mode': 'navigate',
      cookie: 'a=b',
      date: 'today',
      via: 'me',
      dnt: '1',
    }),
    'that close the connection': () => ({ connection: 'close' }),
    'with a range': () => ({ range: 'bytes=0-1' }),
    'with a condition': () => ({ 'if-none-match': '"x"' }),
    'for a mode with guards': () => ({ 'x-a': '1', 'content-type': 'text/plain' }),
    'that are many': () =>
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`x-${i}`, 'v'.repeat(50)])),
    'that are large': () => ({ 'x-large': 'v'.repeat(60_000) }),
    'that only a prototype has': () => Object.create({ inherited: '1' }),
  };
  for (const [name, make] of Object.entries(forms)) {
    sameAsFetch(
      `${name}, on a GET`,
      called((url) => [url, { headers: odd(make()) }]),
    );
    sameAsFetch(
      `${name}, on a POST, which gets one more`,
      called((url) => [url, { method: 'POST', headers: odd(make()), body: 'x' }]),
    );
  }
  sameAsFetch(
    'in no-cors mode lose what is not safe',
    called((url) => [
      url,
      { mode: 'no-cors', method: 'POST', headers: { 'x-a': '1', accept: 'a/b' }, body: 'x' },
    ]),
  );
  sameAsFetch(
    "the caller's content-type wins over the body's",
    called((url) => [url, { method: 'PUT', body: 'x', headers: { 'Content-Type': 'text/x-mine' } }]),
  );
  sameAsFetch(
    'a content-length that is true',
    called((url) => [url, { method: 'PUT', body: 'xyz', headers: { 'content-length': '3' } }]),
  );
  sameAsFetch("undici's FormData has its content-type", async ({ fetch, server, url }) => {
    const form = new UndiciFormData();
    form.set('a', 'b');
    await fetch(url, { method: 'POST', body: odd(form) });
    const type = server.seen[0]?.headers.find(([name]) => name === 'content-type')?.[1];
    return { type: type?.replace(/boundary=.*/, 'boundary') };
  });
});
