import { Headers as UndiciHeaders } from 'undici';
import { describe, expect, test } from 'vitest';
import { copyHeaders, findHeader, withHeader } from '../../src/http/headers.ts';

const odd = (value: unknown) => value as never;

/** The same two headers in every form. */
const forms: Record<string, () => object> = {
  'a record': () => ({ 'X-A': '1', b: '2' }),
  pairs: () => [
    ['X-A', '1'],
    ['b', '2'],
  ],
  'a Map': () => new Map(Object.entries({ 'X-A': '1', b: '2' })),
  'a generator': () => Object.entries({ 'X-A': '1', b: '2' }).values(),
  "the runtime's Headers": () => new Headers({ 'X-A': '1', b: '2' }),
  "undici's Headers": () => new UndiciHeaders({ 'X-A': '1', b: '2' }),
};

describe.each(Object.entries(forms))('headers in the form of %s', (_form, make) => {
  test('can be copied, searched and added to', () => {
    const copy = copyHeaders(odd(make()));
    expect(findHeader(copy, 'x-a')).toBe('1');
    expect(findHeader(copy, 'B')).toBe('2');
    expect(findHeader(copy, 'c')).toBeUndefined();
    const more = withHeader(copy, 'Idempotency-Key', 'k');
    expect(findHeader(more, 'x-a')).toBe('1');
    expect(findHeader(more, 'idempotency-key')).toBe('k');
    expect(new Headers(more).get('idempotency-key')).toBe('k');
    expect(findHeader(copy, 'idempotency-key')).toBeUndefined();
  });

  test('are copied as they are now', () => {
    const given = make();
    const copy = copyHeaders(odd(given));
    if (Array.isArray(given)) given[0][1] = 'changed';
    else if ('set' in given && typeof given.set === 'function') given.set('b', 'changed');
    else Object.assign(given, { b: 'changed' });
    expect([findHeader(copy, 'x-a'), findHeader(copy, 'b')]).toEqual(['1', '2']);
  });

  test('can be read again and again', () => {
    const copy = copyHeaders(odd(make()));
    expect([...new Headers(copy)]).toEqual([...new Headers(copy)]);
    expect([...new Headers(copy)]).toHaveLength(2);
  });
});

describe('what is sent is what is found', () => {
  test('several values are one', () => {
    const pairs: [string, string][] = [
      ['a', '1'],
      ['A', '2'],
    ];
    expect(findHeader(pairs, 'a')).toBe(new Headers(pairs).get('a'));
    expect(findHeader({ a: '1', A: '2' }, 'a')).toBe('1, 2');
  });

  test.each([' 1', '1\t', '\r\n 1 \t\n', '1', 'a b', ''])('white space around %j does not count', (value) => {
    expect(findHeader({ a: value }, 'a')).toBe(new Headers({ a: value }).get('a'));
  });

  test('a value that is no string is its text', () => {
    expect(findHeader(odd({ a: 1 }), 'a')).toBe('1');
  });

  test('no headers have no header', () => {
    expect(findHeader(undefined, 'a')).toBeUndefined();
    expect(withHeader(undefined, 'a', '1')).toEqual({ a: '1' });
  });

  test('a header named __proto__ is one like any other', () => {
    const more = withHeader(copyHeaders(Object.fromEntries([['__proto__', 'x']])), 'a', '1');
    expect(Object.entries(more)).toEqual([
      ['__proto__', 'x'],
      ['a', '1'],
    ]);
  });

  test("the case of names is kept where undici's Headers keeps it", () => {
    const copy = copyHeaders(odd(new UndiciHeaders({ 'X-A': '1' })));
    expect(copy).toBeInstanceOf(UndiciHeaders);
    expect(withHeader(copy, 'B', '2')).toBeInstanceOf(UndiciHeaders);
  });
});

describe('what makes no sense is left for fetch to refuse', () => {
  test.each([null, 'a: b', 5])('headers that are %j', (value) => {
    expect(copyHeaders(odd(value))).toBe(value);
    expect(findHeader(odd(value), 'a')).toBeUndefined();
    expect(withHeader(odd(value), 'a', '1')).toBe(value);
  });

  test('pairs that are none', () => {
    const pairs = ['ab', null, 5, ['a'], ['x', 'y', 'z']];
    expect(copyHeaders(odd(pairs))).toEqual(pairs);
    expect(findHeader(odd(pairs), 'x')).toBe('y');
    expect(withHeader(odd(pairs), 'a', '1')).toEqual([...pairs, ['a', '1']]);
  });

  test('names that are symbols', () => {
    const symbol = Symbol('a');
    const record = { [symbol]: '1' };
    expect(withHeader(copyHeaders(odd(record)), 'b', '2')).toEqual({ [symbol]: '1', b: '2' });
  });
});
