import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, fingerprintOf } from '../../src/server/fingerprint.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('fingerprintOf', () => {
  test('is the SHA-256 of method, path and body', () => {
    // printf 'POST\n/charges?now\n{}' | openssl dgst -sha256 -binary | basenc --base64url
    expect(fingerprintOf('POST', '/charges?now', bytes('{}'), 'bytes')).toBe(
      '6ompDUVPajTINtjBeJ0y3Xb-D6IjDYw65eRMa-O7p7w',
    );
  });

  test('differs with the method, the path and every byte of the body', () => {
    const all = [
      fingerprintOf('POST', '/a', bytes('b'), 'bytes'),
      fingerprintOf('PATCH', '/a', bytes('b'), 'bytes'),
      fingerprintOf('POST', '/ab', bytes(''), 'bytes'),
      fingerprintOf('POST', '/a', bytes('b '), 'bytes'),
      fingerprintOf('POST', '/a', bytes(''), 'bytes'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('as JSON, neither white space nor the order of keys counts', () => {
    const of = (text: string) => fingerprintOf('POST', '/', bytes(text), 'json');
    expect(of('{"b":[1,{"d":2,"c":3}],"a":"x"}')).toBe(of(' { "a": "x",\n"b": [1.0, {"c":3, "d":2e0}] }'));
    expect(of('{"a":[1,2]}')).not.toBe(of('{"a":[2,1]}'));
    expect(of('{"a":"1"}')).not.toBe(of('{"a":1}'));
    expect(of('{"__proto__":1}')).not.toBe(of('{}'));
  });

  test('as JSON, what is not JSON is compared byte by byte', () => {
    for (const text of ['', 'a=1&b=2', '{"a":', '['.repeat(200_000)])
      expect(fingerprintOf('POST', '/', bytes(text), 'json')).toBe(
        fingerprintOf('POST', '/', bytes(text), 'bytes'),
      );
    const latin = Uint8Array.of(0x22, 0xe9, 0x22);
    expect(fingerprintOf('POST', '/', latin, 'json')).toBe(fingerprintOf('POST', '/', latin, 'bytes'));
  });
});

describe('canonicalJson', () => {
  test('is one text for one value, and keeps the value', () => {
    const shuffle = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffle);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, part]) => [key, shuffle(part)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(shuffle(value))).toBe(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
