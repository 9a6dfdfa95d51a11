import type { HeaderReader } from './headers.ts';

/**
 * The pause that the server asked for, in milliseconds: 0 is "now", undefined is "no request". Never negative, never infinite.
 * Unreadable values are ignored. Of several values the longest counts, so that the client never returns earlier than asked.
 *
 * - `retry-after-ms` and `x-ms-retry-after-ms` are preferred to `Retry-After`: a server that sends both gives the same time
 *   twice, once rounded to whole seconds. Azure's own clients read the headers in this order, too.
 * - `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date in one of three forms.
 * - `RateLimit`, and `RateLimit-Remaining` with `RateLimit-Reset` (draft-ietf-httpapi-ratelimit-headers), count only if the
 *   headers above are absent, unreadable ones included: "the Retry-After field MUST take precedence".
 *
 * `X-RateLimit-*` is not read: its reset is a number of seconds for one service and a date for another.
 *
 * All of them count from the time when the response was made. A cached response is `Age` seconds old (RFC 9111, section 5.1).
 *
 * @param now epoch milliseconds
 */
export function serverWait(headers: HeaderReader, now: number): number | undefined {
  const exact = [...valuesOf(headers, 'retry-after-ms'), ...valuesOf(headers, 'x-ms-retry-after-ms')];
  const standard = valuesOf(headers, 'retry-after');
  const age = seconds(headers.get('age')?.trim() ?? '') ?? 0;
  if (exact.length === 0 && standard.length === 0) return left(quotaWait(headers), age);
  return (
    left(longest(exact.map(milliseconds)), age) ??
    longest(standard.map((value) => left(delaySeconds(value), age) ?? untilDate(value, headers, now, age)))
  );
}

function left(wait: number | undefined, age: number): number | undefined {
  return wait === undefined ? undefined : Math.max(0, wait - age);
}

const NONE: readonly string[] = [];

/** `Headers` joins repeated fields with commas. The comma after the weekday of a date is not such a comma. */
const betweenValues =
  /(?<!Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday),/;

function valuesOf(headers: HeaderReader, name: string): readonly string[] {
  const field = headers.get(name);
  return field === null ? NONE : field.split(betweenValues).map((value) => value.trim());
}

function longest(waits: readonly (number | undefined)[]): number | undefined {
  return waits.reduce((most, wait) => (most === undefined || (wait ?? 0) > most ? wait : most), undefined);
}

function milliseconds(value: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(value) ? finite(Number(value)) : undefined;
}

/** Servers send fractions, although the grammar has none. They are rounded up. */
function delaySeconds(value: string): number | undefined {
  return seconds(/^\d+\.\d+$/.test(value) ? String(Math.ceil(Number(value))) : value);
}

/** delay-seconds is 1*DIGIT: no sign, no fraction, no exponent. */
function seconds(value: string): number | undefined {
  return /^\d+$/.test(value) ? finite(Number(value) * 1_000) : undefined;
}

/** A number that is too large becomes a very long wait, not an infinite one. */
function finite(wait: number): number {
  return Math.min(wait, Number.MAX_SAFE_INTEGER);
}

/**
 * The time until a date, counted from the response's own `Date` if there is one. Then both times come from the server's clock,
 * and an error of the local clock does not matter.
 */
function untilDate(value: string, headers: HeaderReader, now: number, age: number): number | undefined {
  const date = httpDate(value, now);
  if (date === undefined) return undefined;
  const made = httpDate(headers.get('date') ?? '', now);
  return Math.max(0, date - (made === undefined ? now : made + age));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const weekday = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const longWeekday = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';
const month = `(?<month>${MONTHS.join('|')})`;
const time = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
/** RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime, all of them in GMT. */
const dateForms = [
  new RegExp(`^${weekday}, (?<day>\\d\\d) ${month} (?<year>\\d{4}) ${time} GMT$`),
  new RegExp(`^${longWeekday}, (?<day>\\d\\d)-${month}-(?<year>\\d\\d) ${time} GMT$`),
  new RegExp(`^${weekday} ${month} (?<day>\\d\\d| \\d) ${time} (?<year>\\d{4})$`),
];

/** A date in epoch milliseconds. Not by `Date.parse`, which accepts "5" and 30 February. */
function httpDate(value: string, now: number): number | undefined {
  const parts = dateForms.map((form) => form.exec(value)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const year = Number(parts.year);
  if (parts.year?.length === 4) return epoch(parts, year);
  // Two digits mean the latest such year that is at most 50 years ahead.
  const horizon = new Date(now);
  const latest = horizon.getUTCFullYear() + 50;
  horizon.setUTCFullYear(latest);
  const nearest = latest - ((latest - year) % 100);
  const date = epoch(parts, nearest);
  return date !== undefined && date > horizon.getTime() ? epoch(parts, nearest - 100) : date;
}

function epoch(parts: Readonly<Record<string, string>>, year: number): number | undefined {
  const day = Number(parts.day);
  const date = new Date(0);
  date.setUTCFullYear(year, MONTHS.indexOf(parts.month ?? ''), day);
  // A day that the month does not have becomes a day of the next month.
  if (date.getUTCDate() !== day) return undefined;
  // A 60th second is a leap second, which exists only in the last minute of a day.
  if (parts.second === '60' && `${parts.hour}:${parts.minute}` !== '23:59') return undefined;
  return date.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
}

/** The longest time until a quota that is used up is refilled. */
function quotaWait(headers: HeaderReader): number | undefined {
  const field = headers.get('ratelimit');
  const quotas = [
    { remaining: headers.get('ratelimit-remaining'), reset: headers.get('ratelimit-reset') },
    ...(field === null ? [] : quotasOf(field)),
  ];
  return longest(
    quotas.map(({ remaining, reset }) => (/^0+$/.test(remaining ?? '') ? seconds(reset ?? '') : undefined)),
  );
}

interface Quota {
  readonly remaining: string | null | undefined;
  readonly reset: string | null | undefined;
}

/** `"default";r=0;t=30` (from draft 08 on). */
const listMember = /^(?:""|[A-Za-z*][\w*.-]*)(?:; *[a-z*][\w*.-]*(?:=(?:""|[^\s",;]+))?)*$/;
/** `limit=100, remaining=0, reset=30` (draft 07). */
const dictionaryMember = /^[a-z]+=\d+$/;

/** The quotas of a `RateLimit` field. The draft demands to ignore the whole field if any part is malformed. */
function quotasOf(field: string): Quota[] {
  // Quoted text is the name of a quota policy, in which commas and semicolons have no meaning.
  const members = field
    .replace(/"[^"\\]*"/g, '""')
    .split(',')
    .map((member) => member.trim());
  if (members.every((member) => dictionaryMember.test(member))) {
    const { remaining, reset } = pairs(members);
    return [{ remaining, reset }];
  }
  if (!members.every((member) => listMember.test(member))) return [];
  return members.map((member) => {
    const { r, t } = pairs(member.split(';'));
    return { remaining: r, reset: t };
  });
}

function pairs(texts: readonly string[]): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(texts.map((text) => text.trim().split('=')));
}
