import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DispatchUrl } from '../../src/request/call-url.ts';

const ORIGIN = 'https://api.example:8443';

test("a dispatched request's pathname is that of its URL, whatever its path", () => {
  const piece = fc.oneof(
    fc.constantFrom(
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
    ),
    fc.string({ maxLength: 3 }),
  );
  const path = fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join('')}`);
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
