import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writtenPairs } from '../../src/http/written-headers.ts';

const name = fc
  .array(fc.constantFrom(..."!#$%&'*+-.^_`|~aB9"), { minLength: 1, maxLength: 6 })
  .map((letters) => letters.join(''));
const value = fc.string({ maxLength: 60 }).map((text) => text.replace(/[^\x20-\x7e]/g, '').trim());

test('whatever is in a Headers, its pairs are told in the order in which they were written, in their case', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 12 }), (pairs) => {
      const headers = new Headers();
      const names = new Map<string, string>();
      for (const [one, text] of pairs) {
        headers.append(one, text);
        if (!names.has(one.toLowerCase())) names.set(one.toLowerCase(), one);
      }
      // An object puts names that look like its indexes first, and so does fetch.
      const isIndex = (one: string) => /^(?:0|[1-9]\d*)$/.test(one);
      const order = [...names.values()];
      const numbers = order.filter(isIndex).sort((a, b) => Number(a) - Number(b));
      const expected = [...numbers, ...order.filter((one) => !isIndex(one))];
      expect(writtenPairs(headers)).toEqual(expected.map((one) => [one, headers.get(one)]));
    }),
  );
});

test('what is shown is not believed if it is not what is there', () => {
  const shows = [
    () => '',
    (_depth: number, options: { stylize(text: string, kind: string): string }) => {
      options.stylize("''", 'string');
      options.stylize('another', 'name');
    },
  ];
  for (const show of [...shows, undefined]) {
    const headers = new Headers([
      ['B', '1'],
      ['a', '2'],
    ]);
    Object.defineProperty(headers, Symbol.for('nodejs.util.inspect.custom'), { value: show });
    expect(writtenPairs(headers)).toEqual([...headers]);
  }
});
