import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { listen } from '../support/listen.ts';

// Everywhere else the comparison is with the `fetch` of the npm package. In this the runtime's own differs from it, and is what a
// SteadFetch takes the place of: what it calls itself, and that it knows how its own Headers were written.

let heads: string[] = [];
const server = createServer((socket) => {
  let head = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    head += chunk;
    if (!head.includes('\r\n\r\n')) return;
    heads.push(head.slice(0, head.indexOf('\r\n\r\n')));
    const isMoved = head.startsWith('GET /moved');
    head = '';
    const answer = isMoved ? '302 Found\r\nlocation: /' : '200 OK';
    socket.end(`HTTP/1.1 ${answer}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
});
let url = '';
beforeAll(async () => {
  url = await listen(server);
});
afterAll(() => void server.close());

const written = (...more: [string, string][]) => {
  const headers = new Headers();
  const pairs: [string, string][] = [
    ['X-Zeta', '1'],
    ['a', "it's"],
    ['Accept-X', '"quoted"'],
    ['X-Mid', 'one'],
    ['x-mid', 'two'],
    ["x-'odd'", ''],
    ...more,
  ];
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
};

const requests: Record<string, () => [string, RequestInit?]> = {
  'without headers': () => ['/'],
  'with a Headers': () => ['/', { headers: written() }],
  'with a Headers and a body': () => ['/', { method: 'PUT', body: 'x', headers: written() }],
  'with a Headers that fetch has to look at': () => [
    '/',
    { headers: written(['If-None-Match', '"a"'], ['Cookie', 'a=1']) },
  ],
  'with a Headers that says who it is': () => ['/', { headers: written(['User-Agent', 'undici']) }],
  'that is redirected': () => ['/moved', { headers: written() }],
  'that is redirected, without headers': () => ['/moved'],
};

/** What was seen of a request, byte by byte. */
async function seen(fetch: typeof globalThis.fetch, path: string, init: RequestInit = {}): Promise<string[]> {
  heads = [];
  await fetch(url + path, init);
  return heads;
}

describe.each([
  ['as fetch’s arguments', (path: string, init?: RequestInit) => [path, init] as const],
  ['as a Request', (path: string, init?: RequestInit) => [path, new Request(url + path, init)] as const],
])('a request %s', (_how, shape) => {
  // A key would be one more header.
  const api = createFetch({ idempotency: false });
  test.each(Object.entries(requests))(
    '%s sends the bytes that the runtime’s own fetch sends',
    async (_name, make) => {
      const send = (fetch: typeof globalThis.fetch) => {
        const [path, init] = shape(...make());
        return seen(
          (_url, given) => (given instanceof Request ? fetch(given) : fetch(_url, given)),
          path,
          init,
        );
      };
      const expected = await send(globalThis.fetch);
      expect(await send(api as typeof globalThis.fetch)).toEqual(expected);
      expect(expected.join().toLowerCase()).toContain('user-agent: ');
    },
  );
});

test('a key goes after the headers as they were written', async () => {
  const [head = ''] = await seen(createFetch() as typeof globalThis.fetch, '/', {
    method: 'POST',
    headers: written(),
  });
  const names = head.split('\r\n').map((line) => line.split(':')[0]);
  expect(names.slice(3, 9)).toEqual(['X-Zeta', 'a', 'Accept-X', 'X-Mid', "x-'odd'", 'Idempotency-Key']);
});
