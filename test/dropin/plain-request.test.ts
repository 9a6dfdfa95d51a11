import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createFetch, type FetchLike } from '../../src/index.ts';
import { outcome } from './observe.ts';
import { expectSame, plainFetch } from './same-as-fetch.ts';

// A plain request is built by steadfetch's own code, all others by fetch's. The two must be indistinguishable.

const api = createFetch({ idempotency: false, retry: false, breaker: false });

const name = fc.oneof(
  fc.constantFrom(
    ...['accept', 'Accept-Language', 'user-agent', 'USER-AGENT', 'accept-encoding', 'Content-Type', 'cookie'],
    ...['range', 'if-none-match', 'host', 'sec-fetch-mode', 'referer', 'origin', 'x-a', 'X-A'],
    ...['x-b', '1', '__proto__', 'constructor', 'toString', 'authorization', 'not a name', ''],
  ),
);
const value = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    'a',
    ' a\t',
    'a, b',
    '\u00a0a\u00a0',
    'é',
    '€',
    'a\nb',
    'a\0b',
    '\u0001',
    '1',
    'undefined',
  ),
  fc.string({ maxLength: 8 }),
);
const headers = fc.oneof(
  fc.array(fc.tuple(name, value), { maxLength: 5 }),
  fc.array(fc.tuple(name, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
  fc
    .array(fc.tuple(fc.constantFrom('x-a', 'accept', 'Set-Cookie', 'B'), fc.constantFrom('1', ' 2', 'é')), {
      maxLength: 4,
    })
    .map((pairs) => {
      const result = new Headers();
      for (const [one, text] of pairs) result.append(one, text);
      return result;
    }),
);
const init = fc.record(
  {
    method: fc.constantFrom(
      'GET',
      'get',
      'POST',
      'post',
      'PUT',
      'DELETE',
      'PATCH',
      'patch',
      'HEAD',
      'OPTIONS',
      'QUERY',
      'TRACE',
      'b@d',
      '',
    ),
    headers,
    body: fc.constantFrom(
      '',
      'text',
      'é€',
      new Uint8Array([1, 2, 255]),
      new Uint8Array(0),
      new URLSearchParams('a=1&b=%20'),
      new Blob(['x'], { type: 'text/x' }),
      null,
    ),
    mode: fc.constantFrom('cors', 'no-cors', 'same-origin', 'navigate', 'wrong'),
    credentials: fc.constantFrom('omit', 'same-origin', 'include'),
    cache: fc.constantFrom('default', 'no-store', 'no-cache', 'only-if-cached'),
    redirect: fc.constantFrom('follow', 'manual', 'error'),
    referrer: fc.constantFrom('about:client', '', 'http://127.0.0.1/x'),
    integrity: fc.constantFrom('', 'sha256-wrong'),
    keepalive: fc.boolean(),
    priority: fc.constantFrom('high', 'low'),
    duplex: fc.constantFrom('half'),
    window: fc.constantFrom(null),
  },
  { requiredKeys: [] },
);
const path = fc.constantFrom(
  '/',
  '/a?b=1',
  '/a?',
  '/?',
  '/%41?q=%20',
  '/a#hash',
  '/a?b#hash',
  '/a b',
  '/./x/../y',
  '//x',
);

test('whatever an init says, the server sees the same bytes and the caller the same answer', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(path, init), { minLength: 8, maxLength: 8 }), (calls) =>
      expectSame(
        async ({ fetch, server, url }) => {
          const outcomes: unknown[] = [];
          for (const [where, given] of calls)
            outcomes.push(await outcome(fetch(url + where, given as RequestInit)));
          return { outcomes, seen: server.seen };
        },
        plainFetch,
        api,
      ),
    ),
    { numRuns: 40, interruptAfterTimeLimit: 8_000 },
  );
});

test('a port to which fetch sends nothing gets nothing', async () => {
  const nowhere = {
    dispatch(): boolean {
      throw new Error('sent');
    },
  };
  const refusal = async (fetch: FetchLike, port: number): Promise<unknown> => {
    const init: object = { dispatcher: nowhere };
    const error = await fetch(`http://h.test:${port}/`, init).catch((thrown: unknown) => thrown);
    return ((error as Error).cause as Error | undefined)?.message;
  };
  // WHATWG Fetch, "bad port", and the ports next to these.
  const bad = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103,
  ];
  bad.push(
    104,
    109,
    110,
    111,
    113,
    115,
    117,
    119,
    123,
    135,
    137,
    139,
    143,
    161,
    179,
    389,
    427,
    465,
    512,
    513,
  );
  bad.push(
    514,
    515,
    526,
    530,
    531,
    532,
    540,
    548,
    554,
    556,
    563,
    587,
    601,
    636,
    989,
    990,
    993,
    995,
    1719,
    1720,
  );
  bad.push(
    1723,
    2049,
    3659,
    4045,
    4190,
    5060,
    5061,
    6000,
    6566,
    6665,
    6666,
    6667,
    6668,
    6669,
    6679,
    6697,
    10080,
  );
  const ports = new Set(bad.flatMap((port) => [port - 1, port, port + 1]));
  const differing: number[] = [];
  for (const port of ports) {
    if ((await refusal(plainFetch, port)) !== (await refusal(api, port))) differing.push(port);
  }
  expect(differing).toEqual([]);
  expect(await refusal(api, 80)).toBe('sent');
  expect(await refusal(api, 25)).toBe('bad port');
});

test.each([200, 201, 204, 205, 206, 299, 300, 304, 401, 402, 404, 407, 421, 451, 500, 599])(
  'a %i is what fetch makes of it, whether it has a body or a Location or not',
  (status) =>
    expectSame(
      async ({ fetch, server, url }) => {
        const outcomes: unknown[] = [];
        for (const method of ['GET', 'POST', 'HEAD']) {
          for (const redirect of ['follow', 'manual', 'error'] as const) {
            server.answer = (request, response) => {
              const more = request.url === '/moved' ? {} : { location: '/moved' };
              response
                .writeHead(status, { 'x-a': '1', ...more })
                .end(status === 204 || status === 304 ? '' : 'body');
            };
            outcomes.push(await outcome(fetch(url, { method, redirect })));
          }
        }
        return { outcomes, seen: server.seen };
      },
      plainFetch,
      api,
    ),
);
