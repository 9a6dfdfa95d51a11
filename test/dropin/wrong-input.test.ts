import { Request as UndiciRequest } from 'undici';
import { describe } from 'vitest';
import type { FetchLike } from '../../src/index.ts';
import { outcome } from './observe.ts';
import { type Observe, sameAsFetch } from './same-as-fetch.ts';

const odd = (value: unknown) => value as never;
const OwnRequest = UndiciRequest as unknown as typeof Request;

/** How a call with these arguments fails, and what the server saw. */
const refused =
  (make: (url: string) => Parameters<FetchLike>): Observe =>
  async ({ fetch, server, url }) => ({ outcome: await outcome(fetch(...make(url))), seen: server.seen });

const init = (value: unknown) => refused((url) => [url, odd(value)]);

describe('a URL is refused', () => {
  const urls: Record<string, unknown> = {
    'that is none': 'not a URL',
    'that is empty': '',
    'that is relative': '/path',
    'that is undefined': undefined,
    'that is null': null,
    'that is a number': 5,
    'that is a symbol': Symbol('url'),
    'with credentials': 'http://user:secret@127.0.0.1:1/',
    'with an unknown scheme': 'gopher://127.0.0.1/',
    'of a file': 'file:///etc/hostname',
    'that is about nothing': 'about:blank',
    'that is a script': 'javascript:1',
    'with data that are none': 'data:text/plain',
    'of a blob that is none': 'blob:nodedata:1-2-3',
    'with a port that browsers avoid': 'http://127.0.0.1:25/',
    'whose toString throws': {
      toString() {
        throw new RangeError('mine');
      },
    },
  };
  for (const [name, url] of Object.entries(urls))
    sameAsFetch(
      name,
      refused(() => [odd(url)]),
    );
});

describe('an init is refused', () => {
  const inits: Record<string, unknown> = {
    'that is a string': 'POST',
    'that is a number': 1,
    'that is a symbol': Symbol('init'),
    'with an empty method': { method: '' },
    'with a method that is no token': { method: 'GE T' },
    'with a method that is a symbol': { method: Symbol('GET') },
    'with the method CONNECT': { method: 'CONNECT' },
    'with the method trace': { method: 'trace' },
    'with headers that are null': { headers: null },
    'with headers that are a string': { headers: 'a: b' },
    'with headers that are a number': { headers: 5 },
    'with a header whose name is no token': { headers: { 'a b': '1' } },
    'with a header that has no name': { headers: { '': '1' } },
    'with a header value that has a line break': { headers: { a: '1\r\nb: 2' } },
    'with a header value beyond latin1': { headers: { a: '\u20ac' } },
    'with a header whose name is a symbol': { headers: { [Symbol('a')]: '1' } },
    'with a header value that is a symbol': { headers: { a: Symbol('1') } },
    'with pairs of one': { headers: [['a']] },
    'with pairs of three': { headers: [['a', 'b', 'c']] },
    'with pairs that are strings': { headers: ['ab', 'cd'] },
    'with pairs that are null': { headers: [null] },
    'with a list of nothing but numbers': { headers: [1, 2] },
    'with a redirect mode that is none': { redirect: 'never' },
    'with a mode that is none': { mode: 'fast' },
    'with the mode navigate': { mode: 'navigate' },
    'with a credentials mode that is none': { credentials: 'maybe' },
    'with a cache mode that is none': { cache: 'yes' },
    'with a cache mode that has no cache': { cache: 'only-if-cached' },
    'with a cache mode that has no cache, on the same origin': {
      cache: 'only-if-cached',
      mode: 'same-origin',
    },
    'with a duplex that is none': { duplex: 'full' },
    'with a priority that is none': { priority: 'now' },
    'with a referrer that is no URL': { referrer: 'http://' },
    'with a referrer policy that is none': { referrerPolicy: 'tell' },
    'with a window': { window: {} },
    'with a signal that is none': { signal: {} },
    'with a signal that is a string': { signal: 'abort' },
    'with a signal that only looks like one': { signal: { aborted: false, addEventListener() {} } },
    'with a method for guarded headers that is not safe': { mode: 'no-cors', method: 'PUT' },
    'with a transfer-encoding': { method: 'POST', body: 'x', headers: { 'transfer-encoding': 'chunked' } },
    'with a content-length that is wrong': { method: 'PUT', body: 'xyz', headers: { 'content-length': '5' } },
    'with a content-length that is none': { method: 'PUT', body: 'x', headers: { 'content-length': 'x' } },
    'with an upgrade': { headers: { upgrade: 'websocket' } },
    'with an expectation': { headers: { expect: '100-continue' } },
    'with a body on a GET': { body: 'x' },
    'with an empty body on a GET': { body: '' },
    'with a body on a head': { method: 'head', body: 'x' },
    'with a body that is a symbol': { method: 'POST', body: Symbol('x') },
  };
  for (const [name, value] of Object.entries(inits)) {
    sameAsFetch(name, init(value));
    if (typeof value === 'object' && !Object.hasOwn(value as object, 'method')) {
      sameAsFetch(`${name}, on a POST`, init(Object.assign({ method: 'POST' }, value)));
    }
  }
  sameAsFetch(
    'whose getter throws',
    refused((url) => [
      url,
      {
        get method(): string {
          throw new RangeError('mine');
        },
      },
    ]),
  );
});

describe('a stream is refused', () => {
  const stream = () => new Blob(['text']).stream();
  const used = async () => {
    const body = stream();
    const reader = body.getReader();
    await reader.read();
    reader.releaseLock();
    return body;
  };
  const locked = async () => {
    const body = stream();
    body.getReader();
    return body;
  };
  const bodies: Record<string, () => Promise<unknown>> = { 'that was used': used, 'that is locked': locked };
  for (const [name, make] of Object.entries(bodies)) {
    sameAsFetch(name, async ({ fetch, server, url }) => {
      const body = odd(await make());
      return {
        outcome: await outcome(fetch(url, { method: 'POST', body, duplex: 'half' })),
        seen: server.seen,
      };
    });
  }
  const streaming = (value: object) => refused((url) => [url, odd({ method: 'POST', ...value })]);
  sameAsFetch('without duplex', streaming({ body: stream() }));
  sameAsFetch('with keepalive', streaming({ body: stream(), duplex: 'half', keepalive: true }));
  sameAsFetch('in no-cors mode', streaming({ body: stream(), duplex: 'half', mode: 'no-cors' }));
  async function* pieces() {
    yield 'x';
  }
  sameAsFetch('of any iterable without duplex', streaming({ body: pieces() }));
  sameAsFetch(
    'of any iterable with keepalive',
    streaming({ body: pieces(), duplex: 'half', keepalive: true }),
  );
  sameAsFetch('on a GET', streaming({ method: 'GET', body: pieces(), duplex: 'half' }));
});

describe("undici's Request is refused", () => {
  // The message is that of steadfetch's own undici, which differs from the runtime's.
  sameAsFetch(
    'when the init is wrong',
    refused((url) => [new OwnRequest(url), odd({ mode: 'fast' })]),
  );
});

for (const [whose, R, reference] of [
  ["undici's", OwnRequest, undefined],
  ["the runtime's", Request, globalThis.fetch],
] as const) {
  describe(`${whose} Request is refused`, () => {
    const post = (url: string) => new R(url, { method: 'POST', body: 'text' });
    const spoilt: Record<string, (request: Request) => unknown> = {
      'when it was read': (request) => request.text(),
      'when its body is locked': async (request) => void request.body?.getReader(),
      'when its body was cancelled': (request) => request.body?.cancel(),
    };
    for (const [name, spoil] of Object.entries(spoilt)) {
      for (const over of [undefined, {}, { body: null }, { headers: { a: '1' } }]) {
        sameAsFetch(
          `${name}, with ${JSON.stringify(over)}`,
          async ({ fetch, server, url }) => {
            const request = post(url);
            await spoil(request);
            return { outcome: await outcome(fetch(request, over)), seen: server.seen };
          },
          reference,
        );
      }
      sameAsFetch(
        `not even ${name}, if the init has another body`,
        async ({ fetch, server, url }) => {
          const request = post(url);
          await spoil(request);
          const { response } = (await outcome(fetch(request, { body: 'other' }))) as { response?: unknown };
          return { ok: response !== undefined, bodies: server.seen.map(({ body }) => body) };
        },
        reference,
      );
    }
    sameAsFetch(
      'when it is sent a second time',
      async ({ fetch, server, url }) => {
        const request = post(url);
        const first = await fetch(request);
        await first.text();
        return { second: await outcome(fetch(request)), bodies: server.seen.map(({ body }) => body) };
      },
      reference,
    );
    sameAsFetch(
      'when the init makes it a GET with a body',
      refused((url) => [post(url), { method: 'GET' }]),
      reference,
    );
    sameAsFetch(
      'when its port is one that browsers avoid',
      refused(() => [new R('http://127.0.0.1:25/')]),
      reference,
    );
    sameAsFetch(
      'when its scheme is unknown',
      refused(() => [new R('gopher://127.0.0.1/')]),
      reference,
    );
  });
}
