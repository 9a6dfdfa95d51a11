import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverWait } from '../../src/http/retry-after.ts';

const now = Date.UTC(2026, 9, 21, 7, 28, 0);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const two = (number: number) => String(number).padStart(2, '0');
const short = (date: Date) => DAYS[date.getUTCDay()]?.slice(0, 3);
const clock = (date: Date) =>
  [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
const year = (date: Date) => String(date.getUTCFullYear()).padStart(4, '0');
const month = (date: Date) => MONTHS[date.getUTCMonth()];

const forms = {
  'IMF-fixdate': (date: Date) =>
    `${short(date)}, ${two(date.getUTCDate())} ${month(date)} ${year(date)} ${clock(date)} GMT`,
  'RFC 850': (date: Date) =>
    `${DAYS[date.getUTCDay()]}, ${two(date.getUTCDate())}-${month(date)}-${year(date).slice(-2)} ${clock(date)} GMT`,
  asctime: (date: Date) =>
    `${short(date)} ${month(date)} ${String(date.getUTCDate()).padStart(2)} ${clock(date)} ${year(date)}`,
};
const imf = forms['IMF-fixdate'];

function wait(headers: Record<string, string> | [string, string][], at = now) {
  return serverWait(new Headers(headers), at);
}
const retryAfter = (value: string, at = now) => wait({ 'retry-after': value }, at);

describe('Retry-After in seconds', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['0120', 120_000],
    ['86400', 86_400_000],
  ])('%s is %i ms', (value, expected) => {
    expect(retryAfter(value)).toBe(expected);
  });

  it.each([
    '',
    '-1',
    '+1',
    '-1.5',
    '+1.5',
    '1.',
    '.5',
    '1.5.0',
    '1e3',
    '0x10',
    '1 s',
    '1;2',
    'soon',
    'NaN',
    'Infinity',
    '²',
  ])('ignores %j', (value) => {
    expect(retryAfter(value)).toBeUndefined();
  });

  it('takes a number too large to hold for a very long wait', () => {
    expect(retryAfter('9'.repeat(400))).toBe(Number.MAX_SAFE_INTEGER);
    expect(retryAfter('9007199254740993')).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('Retry-After as a date', () => {
  it.each(['Wed, 21 Oct 2026 07:28:30 GMT', 'Wednesday, 21-Oct-26 07:28:30 GMT', 'Wed Oct 21 07:28:30 2026'])(
    '%s is half a minute away',
    (value) => {
      expect(retryAfter(value)).toBe(30_000);
    },
  );

  it('takes the single digit of asctime', () => {
    expect(retryAfter('Sun Nov  1 00:00:00 2026', Date.UTC(2026, 9, 31, 23, 59))).toBe(60_000);
  });

  it.each(Object.entries(forms))('reads every second of %s back, for 49 years', (_name, format) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 49 * 365 * 86_400 }), (seconds) => {
        expect(retryAfter(format(new Date(now + seconds * 1_000)))).toBe(seconds * 1_000);
      }),
    );
  });

  it.each(Object.entries(forms))('takes the past for now: %s', (_name, format) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 49 * 365 * 86_400 }), (seconds) => {
        expect(retryAfter(format(new Date(now - seconds * 1_000)))).toBe(0);
      }),
    );
  });

  it('takes two digits for the latest such year that is not more than 50 years ahead', () => {
    const limit = Date.UTC(2076, 9, 21, 7, 28, 0);
    expect(retryAfter('Wednesday, 21-Oct-76 07:28:00 GMT')).toBe(limit - now);
    expect(retryAfter('Wednesday, 21-Oct-76 07:28:01 GMT')).toBe(0);
    expect(retryAfter('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(0);
    expect(retryAfter('Saturday, 01-Jan-00 00:00:00 GMT', Date.UTC(2099, 11, 31, 23, 59, 59))).toBe(1_000);
  });

  it('knows a leap second and a leap day', () => {
    const newYear = Date.UTC(2027, 0, 1);
    expect(retryAfter('Thu, 31 Dec 2026 23:59:60 GMT')).toBe(newYear - now);
    expect(retryAfter('Tue, 29 Feb 2028 00:00:00 GMT')).toBe(Date.UTC(2028, 1, 29) - now);
  });

  it.each([
    'Fri, 30 Feb 2029 00:00:00 GMT',
    'Thu, 29 Feb 2029 00:00:00 GMT',
    'Sat, 31 Apr 2027 00:00:00 GMT',
    'Sat, 00 May 2027 00:00:00 GMT',
    'Sat, 32 May 2027 00:00:00 GMT',
    'Sat, 01 May 2027 24:00:00 GMT',
    'Sat, 01 May 2027 00:60:00 GMT',
    'Sat, 01 May 2027 00:00:60 GMT',
    'Sat, 01 May 2027 23:00:60 GMT',
    'Sat, 01 May 2027 00:00:61 GMT',
    'Xyz, 01 May 2027 00:00:00 GMT',
    'sat, 01 may 2027 00:00:00 gmt',
    'Sat, 1 May 2027 00:00:00 GMT',
    'Sat, 01 May 2027 00:00:00 UTC',
    'Sat, 01 May 2027 00:00:00 +0000',
    'Sat, 01 May 2027 00:00:00',
    'Sat, 01 May 27 00:00:00 GMT',
    'Sat, 01-May-27 00:00:00 GMT',
    'Saturday, 01 May 2027 00:00:00 GMT',
    'Sat May 1 00:00:00 2027',
    'Sat May  1 00:00:00 2027 GMT',
    'x Sat, 01 May 2027 00:00:00 GMT',
    'Sat, 01 May 2027 00:00:00 GMT x',
    '01 May 2027 00:00:00 GMT',
    '2027-05-01T00:00:00Z',
    'tomorrow 5',
  ])('ignores %s', (value) => {
    expect(retryAfter(value)).toBeUndefined();
  });

  it('reads a year of four digits as it is, however far', () => {
    expect(retryAfter('Wed, 01 Jan 2200 00:00:00 GMT')).toBe(Date.UTC(2200, 0, 1) - now);
    expect(
      wait({ 'retry-after': 'Sat, 01 Jan 0050 00:00:01 GMT', date: 'Sat, 01 Jan 0050 00:00:00 GMT' }),
    ).toBe(1_000);
  });

  it("counts from the response's own Date, so that a wrong clock of ours does not matter", () => {
    const headers = { 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'Wed, 21 Oct 2026 07:28:20 GMT' };
    expect(wait(headers, now - 3_600_000)).toBe(10_000);
    expect(wait(headers, now + 3_600_000)).toBe(10_000);
  });

  it('counts from now where Date is garbage', () => {
    expect(wait({ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT', date: 'yesterday' })).toBe(30_000);
  });

  it('does not let Date touch a wait in seconds', () => {
    expect(wait({ 'retry-after': '30', date: 'Wed, 21 Oct 2026 07:00:00 GMT' })).toBe(30_000);
  });
});

describe('milliseconds', () => {
  it.each(['retry-after-ms', 'x-ms-retry-after-ms'])('are taken from %s', (name) => {
    expect(wait({ [name]: '350' })).toBe(350);
    expect(wait({ [name]: '0' })).toBe(0);
    expect(wait({ [name]: '12.5' })).toBe(12.5);
    expect(wait({ [name]: '9'.repeat(400) })).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['', '-1', '.5', '5.', '1e3', '350ms', 'Wed, 21 Oct 2026 07:28:30 GMT'])('ignore %j', (value) => {
    expect(wait({ 'retry-after-ms': value })).toBeUndefined();
  });

  it('win over Retry-After, which is the same wait rounded to seconds', () => {
    expect(wait({ 'retry-after-ms': '350', 'retry-after': '1' })).toBe(350);
    expect(wait({ 'x-ms-retry-after-ms': '0', 'retry-after': '1' })).toBe(0);
  });

  it('leave the word to Retry-After when they are garbage', () => {
    expect(wait({ 'retry-after-ms': 'soon', 'retry-after': '1' })).toBe(1_000);
  });

  it('count the longer of the two names', () => {
    expect(wait({ 'retry-after-ms': '350', 'x-ms-retry-after-ms': '900' })).toBe(900);
  });
});

describe('several values at once', () => {
  it('count as the longest, so that nobody comes back earlier than asked', () => {
    expect(retryAfter('5, 120, 7')).toBe(120_000);
    expect(wait({ 'retry-after-ms': '5,7' })).toBe(7);
    expect(
      wait([
        ['retry-after', '5'],
        ['retry-after', imf(new Date(now + 60_000))],
        ['retry-after', forms['RFC 850'](new Date(now + 90_000))],
        ['retry-after', forms.asctime(new Date(now + 30_000))],
      ]),
    ).toBe(90_000);
  });

  it('are looked at one by one, and what is garbage among them is ignored', () => {
    expect(retryAfter('soon, 5')).toBe(5_000);
    expect(retryAfter('5, ,')).toBe(5_000);
    expect(retryAfter('soon, later')).toBeUndefined();
  });
});

describe('RateLimit, where no Retry-After is given', () => {
  it.each([
    ['"default";r=0;t=30', 30_000],
    ['"default"; r=0; t=30', 30_000],
    ['"default";t=0;r=0', 0],
    ['Default;r=0;t=30', 30_000],
    ['"a, b;c";r=0;t=30', 30_000],
    ['"default";r=0;t=30;pk=:dHJpYWwxMjEzMjM=:', 30_000],
    ['"default";r=0;t=30;acme-note="x, y";acme-flag', 30_000],
    ['"burst";r=0;t=2, "daily";r=0;t=600, "hourly";r=7;t=9000', 600_000],
    ['limit=100, remaining=0, reset=30', 30_000],
    ['remaining=0,reset=30,limit=100', 30_000],
  ])('%s asks for %i ms', (value, expected) => {
    expect(wait({ ratelimit: value })).toBe(expected);
  });

  it.each([
    '',
    '"default";r=1;t=30',
    '"default";r=0',
    '"default";t=30',
    '"default";r=0;t=-1',
    '"default";r=0;t=1.5',
    '"default";r=0;t=soon',
    '"default;r=0;t=30',
    '"de\\"fault";r=0;t=30',
    '"default\\\\";r=0;t=30',
    '"default";r=00x;t=30',
    '"default";r=10;t=30',
    '"default";r=0;t=30,',
    '"default";r=0;t=30, "burst" r=1',
    'limit=100, remaining=1, reset=30',
    'limit=100, remaining=0',
    'limit=100, remaining=0, reset=30s',
    '__proto__=0, reset=30',
  ])('%j asks for nothing', (value) => {
    expect(wait({ ratelimit: value })).toBeUndefined();
  });

  it('is read in the older fields, too', () => {
    expect(wait({ 'ratelimit-remaining': '0', 'ratelimit-reset': '30' })).toBe(30_000);
    expect(wait({ 'ratelimit-remaining': '1', 'ratelimit-reset': '30' })).toBeUndefined();
    expect(wait({ 'ratelimit-remaining': '0' })).toBeUndefined();
    expect(wait({ 'ratelimit-reset': '30' })).toBeUndefined();
    expect(wait({ 'ratelimit-remaining': '0', 'ratelimit-reset': 'soon' })).toBeUndefined();
  });

  it('counts the longest of old and new', () => {
    const both = { ratelimit: '"default";r=0;t=30', 'ratelimit-remaining': '0', 'ratelimit-reset': '60' };
    expect(wait(both)).toBe(60_000);
  });

  it.each([
    ['retry-after', '5', 5_000],
    ['retry-after', '0', 0],
    ['retry-after', 'garbage', undefined],
    ['retry-after', '', undefined],
    ['retry-after-ms', '5', 5],
    ['x-ms-retry-after-ms', 'garbage', undefined],
  ])('is not looked at beside %s: %j', (name, value, expected) => {
    expect(wait({ ratelimit: '"default";r=0;t=30', [name]: value })).toBe(expected);
  });

  it('leaves X-RateLimit-* alone: seconds for one service, a date for the next', () => {
    expect(wait({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' })).toBeUndefined();
  });
});

describe('whatever a server sends', () => {
  const names = [
    'retry-after',
    'retry-after-ms',
    'x-ms-retry-after-ms',
    'ratelimit',
    'ratelimit-remaining',
    'ratelimit-reset',
    'date',
  ];
  const fragments = [
    '0',
    '9',
    '.',
    '-',
    ',',
    ';',
    ' ',
    '"',
    '\\',
    '=',
    'r=0',
    ';t=9',
    '"x"',
    'remaining=0',
    'reset=9',
  ];
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(...fragments, 'Wed', 'Wed, 21 Oct 2026 07:28:30 GMT', 'GMT', 'Oct') }),
    // What a header can hold at all: Latin-1 without control characters.
    fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(253_402_300_799_000) }).map(imf),
    fc.bigInt({ min: 0n, max: 10n ** 400n }).map(String),
  );

  it('is a finite wait that is not negative, or nothing; never an exception', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), value),
        fc.integer({ min: 0, max: 2 ** 42 }),
        (given, at) => {
          const asked = wait(given, at);
          if (asked === undefined) return;
          expect(Number.isFinite(asked)).toBe(true);
          expect(asked).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is nothing if it sends none of these', () => {
    expect(wait({ 'content-type': 'text/plain', date: imf(new Date(now)) })).toBeUndefined();
  });

  it('is read in time, however large and however twisted', () => {
    const size = 200_000;
    for (const twist of ['1,', '"\\', '"', '\\"', ' ', '  ,', 'Wed,', ';a', ';a="', 'a=1,', '9']) {
      const headers = Object.fromEntries(names.map((name) => [name, twist.repeat(size)]));
      // Not the clock's time: on a busy machine that is mostly others'. To read takes some 30 ms of this process's own; an
      // expression that tries each start anew takes 20 seconds for so long a value.
      const before = process.cpuUsage();
      wait(headers);
      wait({ ratelimit: `"x"${twist.repeat(size)}` });
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(5_000);
    }
  }, 60_000);
});

describe('what is outside of the grammar, and plain all the same', () => {
  it.each([
    ['1.5', 2_000],
    ['0.1', 1_000],
    ['2.0', 2_000],
  ])('a fraction is rounded up: "%s" is %i ms', (value, wait) => {
    expect(serverWait(new Headers({ 'retry-after': value }), 0)).toBe(wait);
  });

  it.each([
    ['60', '50', 10_000],
    ['60', '0', 60_000],
    ['60', '90', 0],
    ['60', 'old', 60_000],
    ['2.5', '1', 2_000],
  ])('of a stored answer, "%s" counts from when it was made, %s seconds ago', (value, age, wait) => {
    expect(serverWait(new Headers({ 'retry-after': value, age }), 0)).toBe(wait);
  });

  const MADE = 'Sun, 06 Nov 1994 08:49:00 GMT';
  const UNTIL = 'Sun, 06 Nov 1994 08:50:00 GMT';
  it.each<[what: string, headers: Record<string, string>, wait: number]>([
    ['a date, by the clock that made it', { 'retry-after': UNTIL, date: MADE }, 10_000],
    ['milliseconds', { 'retry-after-ms': '60000' }, 10_000],
    ['a quota', { 'ratelimit-remaining': '0', 'ratelimit-reset': '60' }, 10_000],
    ['a quota in one field', { ratelimit: '"default";r=0;t=60' }, 10_000],
    ['the longest of several', { 'retry-after': '60, 55' }, 10_000],
  ])(
    'of an answer that was stored 50 seconds ago, %s counts from when it was made',
    (_what, headers, wait) => {
      expect(serverWait(new Headers({ ...headers, age: '50' }), 0)).toBe(wait);
    },
  );

  it('a date without the clock that made it is a moment, however old the answer', () => {
    const now = Date.parse(UNTIL) - 7_000;
    expect(serverWait(new Headers({ 'retry-after': UNTIL, age: '50' }), now)).toBe(7_000);
  });
});
