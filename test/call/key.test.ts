import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { v4 as uuidv4 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { isIdempotentMethod, type KeyRequest, keyFor, protects } from '../../src/call/key.ts';
import { type Dialect, dialects } from '../../src/model/dialect.ts';
import type { ResolvedDialect } from '../../src/model/policy.ts';

const url = new URL('https://api.pay.example/v1/charges');
const plain = resolved(dialects.default);
const ietf = resolved(dialects.ietf);
const stripe = resolved(dialects.stripe);
const idempotent = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'QUERY'];

function resolved(dialect: Dialect): ResolvedDialect {
  return {
    header: dialect.header,
    format: dialect.format ?? 'plain',
    methods: dialect.methods && new Set(dialect.methods),
    maxLength: dialect.maxLength ?? 255,
    lifetime: dialect.lifetime || 86_400_000,
    retryStatuses: new Set(dialect.retryStatuses ?? [409]),
    finalStatuses: new Set(dialect.finalStatuses ?? [422]),
    retryHeader: dialect.retryHeader,
    generate: dialect.generate ?? uuidv4,
    required: false,
  };
}

function key(request: Partial<KeyRequest>) {
  return keyFor({ method: 'POST', url, given: undefined, header: undefined, dialect: plain, ...request });
}

/** What plain JavaScript can pass, whatever the types say. */
function untyped(given: unknown) {
  return key({ given: given as KeyRequest['given'] });
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('expected it to throw');
}

/** One missing value. */
const sparse: unknown[] = Object.assign([], { length: 1 });

/** Keys that every dialect here can carry. */
const bareKeys = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 255,
});
const businessValues = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    // Without -0, which only Object.is distinguishes from 0.
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.integer(),
  ),
  { minLength: 1, maxLength: 4 },
);

describe('which calls get a key', () => {
  it.each(idempotent)('%s gets none: a repeat does no more than the first request', (method) => {
    expect(isIdempotentMethod(method)).toBe(true);
    expect(key({ method })).toBeUndefined();
  });

  it.each(['POST', 'PATCH', 'PURGE', 'patch'])('%s gets a fresh one', (method) => {
    expect(isIdempotentMethod(method)).toBe(false);
    expect(key({ method })?.key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  it('does not even ask for a key where none is needed', () => {
    const dialect = resolved({ header: 'X-Key', generate: () => expect.unreachable() });
    expect(key({ method: 'GET', dialect })).toBeUndefined();
  });

  it('gives none to a method whose keys the server ignores', () => {
    expect(key({ method: 'PATCH', dialect: stripe })).toBeUndefined();
    expect(key({ method: 'POST', dialect: stripe })).toBeDefined();
  });

  it('gives none to an idempotent method, even if the dialect lists it', () => {
    expect(
      key({ method: 'DELETE', dialect: resolved({ header: 'X-Key', methods: ['DELETE'] }) }),
    ).toBeUndefined();
  });

  it("keeps the caller's own whatever the method", () => {
    expect(key({ method: 'GET', given: 'mine' })).toEqual({ key: 'mine', headerValue: 'mine' });
    expect(key({ method: 'PATCH', given: 'mine', dialect: stripe })?.key).toBe('mine');
  });

  it('is another one for each call', () => {
    expect(key({})?.key).not.toBe(key({})?.key);
  });
});

describe('protects', () => {
  it('is true where the server recognises a repeat by its key', () => {
    expect(protects(plain, 'POST')).toBe(true);
    expect(protects(plain, 'PATCH')).toBe(true);
    expect(protects(stripe, 'POST')).toBe(true);
  });

  it('is false for a method that the dialect does not cover', () => {
    expect(protects(plain, 'GET')).toBe(false);
    expect(protects(stripe, 'PATCH')).toBe(false);
    expect(protects(stripe, 'post')).toBe(false);
  });

  it('is false where the server ignores keys', () => {
    expect(protects(false, 'POST')).toBe(false);
  });
});

describe('a key of business values', () => {
  it('is this one for ever: a change here would book old orders again', () => {
    expect(key({ given: ['charge', 'order-17', 1] })?.key).toBe('f7431b70-1442-53ca-9c78-e9cc536858a2');
  });

  it('is the same for the same values, however the endpoint is configured', () => {
    fc.assert(
      fc.property(businessValues, (given) => {
        expect(key({ given, dialect: ietf })?.key).toBe(key({ given: [...given] })?.key);
      }),
    );
  });

  it('is another one for other values', () => {
    fc.assert(
      fc.property(businessValues, businessValues, (one, other) => {
        fc.pre(!isDeepStrictEqual(one, other));
        expect(key({ given: one })?.key).not.toBe(key({ given: other })?.key);
      }),
    );
  });

  it.each([
    [
      ['a', 1],
      ['a', '1'],
    ],
    [['a', 'b'], ['a,b']],
    [['a', 'b'], ['ab']],
    [['\ud800'], ['\\ud800']],
  ])('keeps %j and %j apart', (one, other) => {
    expect(key({ given: one })?.key).not.toBe(key({ given: other })?.key);
  });

  it('belongs to the method, the origin and the path', () => {
    const given = ['order-17'];
    const keys = [
      key({ given }),
      key({ given, method: 'PATCH' }),
      key({ given, url: new URL('https://api.pay.example/v1/refunds') }),
      key({ given, url: new URL('https://api.other.example/v1/charges') }),
      key({ given, url: new URL('http://api.pay.example/v1/charges') }),
    ];
    expect(new Set(keys.map((each) => each?.key)).size).toBe(keys.length);
  });

  it('does not depend on credentials, query or fragment', () => {
    const given = ['order-17'];
    const noisy = new URL('https://user:secret@api.pay.example/v1/charges?trace=1#top');
    expect(key({ given, url: noisy })).toEqual(key({ given }));
  });

  it.each([
    ['idempotencyKey[1] must be a non-empty string or a finite number, got ""', ['a', '']],
    ['idempotencyKey[1] must be a non-empty string or a finite number, got undefined', ['a', undefined]],
    ['idempotencyKey[0] must be a non-empty string or a finite number, got null', [null]],
    ['idempotencyKey[0] must be a non-empty string or a finite number, got NaN', [Number.NaN]],
    ['idempotencyKey[2] must be a non-empty string or a finite number, got -Infinity', ['a', 'b', -Infinity]],
    ['idempotencyKey[0] must be a non-empty string or a finite number, got an array', [['a']]],
    ['idempotencyKey[0] must be a non-empty string or a finite number, got 17n', [17n]],
    ['idempotencyKey[0] must be a non-empty string or a finite number, got undefined', sparse],
    ['idempotencyKey must have at least one value, got []', []],
    ["idempotencyKey must be a string, or an array of strings and numbers, got 17; use ['charge', 17]", 17],
    ['idempotencyKey must be a string, or an array of strings and numbers, got null', null],
    ['idempotencyKey must be a string, or an array of strings and numbers, got an object', { id: 1 }],
  ])('says where and why it can be none: %s', (message, given) => {
    expect(messageOf(() => untyped(given))).toBe(message);
  });
});

describe('the check of a key', () => {
  it('takes every visible ASCII character', () => {
    fc.assert(
      fc.property(bareKeys, (given) => {
        expect(key({ given })).toEqual({ key: given, headerValue: given });
      }),
    );
  });

  it('takes exactly as many characters as the dialect allows, and never cuts', () => {
    const adyen = resolved(dialects.adyen);
    const longest = 'k'.repeat(64);
    expect(key({ given: longest, dialect: adyen })?.key).toBe(longest);
    expect(messageOf(() => key({ given: `${longest}k`, dialect: adyen }))).toBe(
      'idempotencyKey must be 1 to 64 characters of visible ASCII (0x21 to 0x7E) to go into Idempotency-Key, got 65 characters',
    );
  });

  it('refuses an empty key', () => {
    expect(messageOf(() => key({ given: '' }))).toContain('got 0 characters');
  });

  it.each([
    ['order 17', 6],
    ['order-17\n', 9],
    ['\x7forder', 1],
    ['bestellung-für-17', 13],
    ['a😀', 2],
  ])('refuses %j and names the position, not the key', (given, position) => {
    const message = messageOf(() => key({ given }));
    expect(message).toContain(`character ${position} of ${given.length} is not`);
    expect(message).not.toContain(given);
  });

  it.each([
    [() => 'has a space', 'the key from idempotency.generate must be 1 to 255 characters'],
    [() => '', 'got 0 characters'],
  ])('holds for a generated key, too', (generate, message) => {
    expect(messageOf(() => key({ dialect: resolved({ header: 'X-Key', generate }) }))).toContain(message);
  });

  it.each<[string, () => unknown, string]>([
    ['no text', () => 17, 'got 17'],
    [
      'a promise, whose rejection ends no process',
      () => Promise.reject(new Error('no key')),
      'got an instance of Promise',
    ],
  ])('refuses a generator that gives %s', async (_what, generate, got) => {
    const dialect = resolved({ header: 'X-Key', generate: generate as () => string });
    expect(() => key({ dialect })).toThrow(
      `idempotency.generate must be a function that returns a non-empty string, ${got}`,
    );
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('says so when a dialect is too short for the UUID of business values', () => {
    const dialect = resolved({ header: 'X-Key', maxLength: 20 });
    expect(messageOf(() => key({ given: ['order', 17], dialect }))).toContain(
      'the UUID made of idempotencyKey',
    );
  });
});

describe('the header', () => {
  it('is quoted and escaped under a structured dialect, and read back', () => {
    const headerValue = '"a\\"b\\\\c\\\\\\""';
    expect(key({ given: 'a"b\\c\\"', dialect: ietf })).toEqual({ key: 'a"b\\c\\"', headerValue });
    expect(key({ header: headerValue, dialect: ietf })?.key).toBe('a"b\\c\\"');
  });

  it.each([
    ['plain', plain],
    ['structured', ietf],
  ])('reads back to the same key under a %s dialect', (_format, dialect) => {
    fc.assert(
      fc.property(bareKeys, (given) => {
        const written = key({ given, dialect });
        expect(key({ header: written?.headerValue, dialect })).toEqual({
          key: given,
          headerValue: undefined,
        });
      }),
    );
  });

  it("stays as it is when it is the caller's, on any method", () => {
    expect(key({ header: '"mine"' })).toEqual({ key: '"mine"', headerValue: undefined });
    expect(key({ header: '"mine"', dialect: ietf, method: 'PUT' })).toEqual({
      key: 'mine',
      headerValue: undefined,
    });
  });

  it.each(['mine', '"mine', 'mine"', '"a"b"', '"a\\c"', '"a";p=1', '"a", "b"', '"ä"', ''])(
    'is refused when a structured dialect finds %j in it',
    (header) => {
      expect(messageOf(() => key({ header, dialect: ietf }))).toContain(
        'the Idempotency-Key header must be a structured-field string',
      );
    },
  );

  it.each([
    ['"has a space"', ietf],
    ['has a space', plain],
    ['k'.repeat(300), plain],
    ['', plain],
  ])('is checked like any key: %j', (header, dialect) => {
    expect(messageOf(() => key({ header, dialect }))).toContain(
      'the Idempotency-Key header must be 1 to 255',
    );
  });

  it('may say the same as idempotencyKey', () => {
    expect(key({ given: 'mine', header: '"mine"', dialect: ietf })).toEqual({
      key: 'mine',
      headerValue: undefined,
    });
  });

  it('may not say something else: nobody’s key is overwritten, and none is shown', () => {
    const message = messageOf(() => key({ given: 'secret-one', header: 'secret-two' }));
    expect(message).toBe(
      'idempotencyKey and the Idempotency-Key header hold different keys; give one of them, or the same twice',
    );
  });
});

describe('where the server ignores keys', () => {
  it('there is none', () => {
    expect(key({ dialect: false })).toBeUndefined();
  });

  it("leaves the caller's header alone, whatever it holds", () => {
    expect(key({ dialect: false, header: 'not a key at all' })).toBeUndefined();
  });

  it('refuses an idempotencyKey, which would promise what nobody keeps', () => {
    const message = messageOf(() => key({ dialect: false, given: 'mine' }));
    expect(message).toContain('the server ignores keys');
    expect(message).not.toContain('mine');
  });
});
