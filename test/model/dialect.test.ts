import { describe, expect, it } from 'vitest';
import { type Dialect, dialects } from '../../src/model/dialect.ts';

const entries = Object.entries(dialects);
const HOUR = 3_600_000;

describe('dialects', () => {
  it('has one for the plain header, for the draft, and for each service by name', () => {
    expect(Object.keys(dialects)).toEqual(['default', 'ietf', 'stripe', 'paypal', 'adyen']);
  });

  it.each(entries)('%s is frozen all the way down, so nobody changes it for everybody', (_name, dialect) => {
    expect(Object.isFrozen(dialects)).toBe(true);
    expect(Object.isFrozen(dialect)).toBe(true);
    for (const value of Object.values(dialect)) expect(Object.isFrozen(value)).toBe(true);
  });

  it.each(entries)('%s is plain data, so it survives a trip through JSON', (_name, dialect) => {
    expect(JSON.parse(JSON.stringify(dialect))).toEqual(dialect);
  });

  it.each(entries)('%s never asks again for a status that it calls final', (_name, dialect: Dialect) => {
    const final = new Set(dialect.finalStatuses ?? [422]);
    expect((dialect.retryStatuses ?? [409]).filter((status) => final.has(status))).toEqual([]);
  });

  it('quotes the key for the IETF draft alone', () => {
    expect(entries.filter(([, { format }]) => format === 'structured').map(([name]) => name)).toEqual([
      'ietf',
    ]);
  });

  it('says of Stripe: POST alone, the header decides, 409 asks again, 400 is another payload', () => {
    expect(dialects.stripe).toEqual({
      header: 'Idempotency-Key',
      methods: ['POST'],
      finalStatuses: [400],
      retryHeader: 'stripe-should-retry',
    });
  });

  it('says of PayPal: its own header, 108 characters, and the shortest lifetime of its APIs', () => {
    expect(dialects.paypal).toEqual({
      header: 'PayPal-Request-Id',
      methods: ['POST'],
      maxLength: 108,
      lifetime: 3 * HOUR,
      finalStatuses: [400, 422],
    });
  });

  it('says of Adyen: 64 characters, a week, and that only its header tells a 409 that heals from one that stays', () => {
    expect(dialects.adyen).toEqual({
      header: 'Idempotency-Key',
      methods: ['POST'],
      maxLength: 64,
      lifetime: 7 * 24 * HOUR,
      retryStatuses: [],
      finalStatuses: [409, 422],
      retryHeader: 'transient-error',
    });
  });
});
