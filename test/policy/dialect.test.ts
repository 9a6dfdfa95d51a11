import { describe, expect, it } from 'vitest';
import { type DialectName, dialects } from '../../src/model/dialect.ts';
import { checkIdempotency, resolveDialect } from '../../src/policy/dialect.ts';

const check = (value: unknown) => checkIdempotency(value, 'idempotency');

describe('idempotency', () => {
  it('is false, the name of a dialect, or a dialect object', () => {
    expect(check(false)).toBe(false);
    for (const name of Object.keys(dialects)) expect(check(name)).toBe(name);
    expect(check({ header: 'X-Request-Key' })).toEqual({ header: 'X-Request-Key' });
  });

  it.each([true, null, 'strip', 'toString', ['stripe'], 1, () => 'key'])('is nothing else: %s', (value) => {
    expect(() => check(value)).toThrow(
      /^idempotency must be false, "default", "ietf", "stripe", "paypal", "adyen" or a dialect object, got /,
    );
  });

  it('takes each dialect of the package, spread into an object', () => {
    for (const dialect of Object.values(dialects)) {
      expect(check({ ...dialect, header: 'X-Key' })).toEqual({ ...dialect, header: 'X-Key' });
    }
  });

  it.each([
    [{}, 'header must be an HTTP header name, got undefined'],
    [{ header: 'Idempotency Key' }, 'header must be an HTTP header name, got "Idempotency Key"'],
    [{ header: 'Key\r\nX: y' }, 'header must be an HTTP header name, got "Key\\r\\nX: y"'],
    [{ header: '' }, 'header must be an HTTP header name, got ""'],
    [{ header: 'K', heder: 'K' }, 'heder is not an option; did you mean idempotency.header?'],
    [{ header: 'K', format: 'quoted' }, 'format must be "plain" or "structured", got "quoted"'],
    [{ header: 'K', methods: 'POST' }, 'methods must be an array of HTTP methods, got "POST"'],
    [{ header: 'K', methods: ['POST', 'PO ST'] }, 'methods[1] must be an HTTP method, got "PO ST"'],
    [
      { header: 'K', methods: ['PSOT'] },
      'methods[0] must be an HTTP method: "PSOT" is no HTTP method; did you mean POST?',
    ],
    [{ header: 'K', maxLength: 0 }, 'maxLength must be a whole number of 1 or more, got 0'],
    [
      { header: 'K', lifetime: 0 },
      'lifetime must be a number of milliseconds above 0, or false for no limit, got 0',
    ],
    [{ header: 'K', retryStatuses: [99] }, 'retryStatuses[0] must be a whole number from 100 to 599, got 99'],
    [
      { header: 'K', finalStatuses: 422 },
      'finalStatuses must be an array of whole numbers from 100 to 599, got 422',
    ],
    [{ header: 'K', retryHeader: 'a:b' }, 'retryHeader must be an HTTP header name, got "a:b"'],
    [{ header: 'K', generate: 'uuid' }, 'generate must be a function, got "uuid"'],
  ])('refuses a dialect that is wrong: %j', (dialect, message) => {
    expect(() => check(dialect)).toThrow(`idempotency.${message}`);
  });
});

describe('a resolved dialect', () => {
  it('has every default', () => {
    const { generate, ...rest } = resolveDialect({ header: 'Idempotency-Key' }, 'idempotency');
    expect(rest).toEqual({
      header: 'Idempotency-Key',
      format: 'plain',
      methods: undefined,
      maxLength: 255,
      lifetime: 86_400_000,
      retryStatuses: new Set([409]),
      finalStatuses: new Set([422]),
      required: false,
      retryHeader: undefined,
    });
    expect(generate()).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    expect(generate()).not.toBe(generate());
  });

  it('keeps what was said, with methods in upper and the response header in lower case', () => {
    const generate = () => 'key';
    const dialect = {
      header: 'X-Key',
      format: 'structured',
      methods: ['post', 'Patch'],
      maxLength: 8,
      lifetime: Number.POSITIVE_INFINITY,
      retryStatuses: [425],
      finalStatuses: [],
      retryHeader: 'Should-Retry',
      generate,
    } as const;
    const resolved = resolveDialect(dialect, 'idempotency');
    expect(resolved).toEqual({
      ...dialect,
      required: false,
      methods: new Set(['POST', 'PATCH']),
      retryStatuses: new Set([425]),
      finalStatuses: new Set(),
      retryHeader: 'should-retry',
    });
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  it('that has no lifetime says so by false, as JSON can', () => {
    expect(resolveDialect({ header: 'K', lifetime: false }, 'idempotency').lifetime).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it.each(Object.keys(dialects) as DialectName[])('can be made of %s', (name) => {
    expect(resolveDialect(dialects[name], 'idempotency').header).toBe(dialects[name].header);
  });

  it('cannot both retry a status and never retry it', () => {
    expect(() => resolveDialect({ header: 'K', retryStatuses: [409, 422] }, 'policy.idempotency')).toThrow(
      'policy.idempotency.finalStatuses must not hold a status of policy.idempotency.retryStatuses (409, 422), got 422; ' +
        'an option left out has its default',
    );
    const mine = resolveDialect({ header: 'K', retryStatuses: [409, 422], finalStatuses: [] }, 'idempotency');
    expect(mine.retryStatuses).toEqual(new Set([409, 422]));
  });
});
