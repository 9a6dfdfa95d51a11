import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DispatchUrl, plainUrl } from '../../src/http/call-url.ts';

const ORIGIN = 'https://api.example:8443';

const ODD = [
  '/',
  '.',
  '..',
  '%2e',
  '%41',
  '?',
  '#',
  'a',
  '~',
  '-',
  '_',
  ' ',
  '\\',
  'ü',
  '\t',
  ':',
  ';',
  "'",
  '"',
  '<',
  '@',
];
const piece = fc.oneof(fc.constantFrom(...ODD), fc.string({ maxLength: 3 }));
const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);

test("a dispatched request's pathname is that of its URL, whatever its path", () => {
  fc.assert(
    fc.property(path, (path) => {
      expect(new DispatchUrl(ORIGIN, path).pathname).toBe(new URL(ORIGIN + path).pathname);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['/v1/things/7', '/v1/things/7'],
  ['/', '/'],
  ['//a//b/', '//a//b/'],
  ['/v1/./things/../7?id=8#9', '/v1/7'],
  ['/.well-known/x', '/.well-known/x'],
  ['/a b', '/a%20b'],
])('the pathname of %s is %s', (path, pathname) => {
  expect(new DispatchUrl(ORIGIN, path).pathname).toBe(pathname);
});

const origin = fc.constantFrom(
  ORIGIN,
  'http://api.example',
  'http://127.0.0.1:8080',
  'http://[::1]:80',
  'http://[::1]:81',
  'https://api.example:443',
  'https://API.example',
  'https://me:secret@api.example',
  'https://me@api.example',
  'http://127.1',
  'http://0x7f000001',
  'https://bücher.example',
  'https://api.example.',
  'http:/api.example',
  'http:api.example',
  'http://',
  'HTTP://api.example',
  ' http://api.example',
  'ftp://api.example',
  'data:',
  '',
);

test('a URL that is not parsed is what it would be if it were', () => {
  let plain = 0;
  const written = fc.tuple(origin, path).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(written, fc.webUrl({ withQueryParameters: true }), fc.string()), (href) => {
      const url = plainUrl(href);
      if (url === undefined) return;
      plain += 1;
      const whole = new URL(href);
      expect([whole.username, whole.password, whole.hash]).toEqual(['', '', '']);
      const partsOf = ({ href, origin, protocol, hostname, port, pathname }: typeof url) => [
        href,
        origin,
        protocol,
        hostname,
        port,
        pathname,
      ];
      expect(partsOf(url)).toEqual(partsOf(whole));
    }),
    { numRuns: 2_000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test.each([
  'https://api.example/v1/charges',
  'https://api.example/',
  'http://127.0.0.1:8080/items/7?page=2&sort=-price,name',
  'http://[::1]:81/a?b=%20',
])('%s need not be parsed', (href) => {
  expect(plainUrl(href)?.href).toBe(href);
});
