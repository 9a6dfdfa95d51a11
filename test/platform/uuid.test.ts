import fc from 'fast-check';
import { v4, v5 } from 'uuid';
import { expect, test } from 'vitest';
import { v5 as namedInBrowsers, v4 as randomInBrowsers } from '../../src/platform/uuid.browser.ts';

test('in a browser a name becomes the same UUID as with the package uuid', () => {
  const name = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(name, fc.uuid(), (text, scope) => {
      expect(namedInBrowsers(text, scope)).toBe(v5(text, scope));
    }),
    { numRuns: 200 },
  );
});

test('and a random one has the form of version 4, and is another one each time', () => {
  const form = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
  const drawn = Array.from({ length: 1_000 }, randomInBrowsers);
  expect(v4()).toMatch(form);
  for (const uuid of drawn) expect(uuid).toMatch(form);
  expect(new Set(drawn).size).toBe(drawn.length);
});
