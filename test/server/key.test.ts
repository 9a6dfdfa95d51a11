import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseKey } from '../../src/server/key.ts';

describe('parseKey', () => {
  const visible = fc.string({
    minLength: 1,
    maxLength: 255,
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });

  const bare = visible.filter((key) => !key.startsWith('"'));
  const printable = fc.string({
    minLength: 1,
    maxLength: 255,
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  const quote = (key: string) => `"${key.replace(/["\\]/g, '\\$&')}"`;

  test('reads every structured-field string as what was quoted', () => {
    fc.assert(
      fc.property(printable, (key) => {
        expect(parseKey(quote(key))).toEqual({ kind: 'key', key });
      }),
    );
  });

  test('reads every bare key as itself', () => {
    fc.assert(
      fc.property(bare, (key) => {
        expect(parseKey(` ${key}\t`)).toEqual({ kind: 'key', key });
      }),
    );
  });

  test('never chooses from two keys', () => {
    // Keys, not any two texts: `"a` and `b"`, neither of which is a key, make one structured-field string.
    const key = fc.oneof(bare, printable.map(quote));
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(parseKey(`${a}, ${b}`).kind).toBe('malformed');
      }),
    );
  });

  test.each([
    ['"a\\b"', 'an escape that is none'],
    ['"a"b"', 'a quote inside'],
    ['"a" ;p=1', 'a space before the semicolon'],
    ['"a";P=1', 'a parameter in upper case'],
    ['"a";p=', 'a parameter without its value'],
    ['"a";p="b', 'a parameter that is no item'],
    ['"a", "b";p', 'a list'],
    ['"é"', 'a letter beyond ASCII'],
    ['"', 'one quote'],
  ])('refuses %s: %s', (header) => {
    expect(parseKey(header)).toMatchObject({ kind: 'malformed' });
  });

  test.each([';v=1', '; v=1;w', ';v="x;y"', ';v=?0', ';v=:aGk=:', ';v=-1.5', ';v=tok/en:x', ';*a.b-c_d'])(
    'leaves the parameters of an Item alone: "a"%s',
    (parameters) => {
      expect(parseKey(`"a"${parameters}`)).toEqual({ kind: 'key', key: 'a' });
    },
  );

  test('tells no header from an empty one', () => {
    expect(parseKey(null)).toEqual({ kind: 'missing' });
    expect(parseKey(undefined)).toEqual({ kind: 'missing' });
    expect(parseKey('')).toMatchObject({ kind: 'malformed' });
  });

  test('takes 255 characters and refuses 256', () => {
    expect(parseKey('k'.repeat(255)).kind).toBe('key');
    expect(parseKey('k'.repeat(256))).toEqual({
      kind: 'malformed',
      why: 'has 256 characters; it must have at most 255',
    });
  });
});
