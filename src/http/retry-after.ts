/**
 * How long the server asked to be left alone, in milliseconds: 0 is "now", undefined is "it did not say".
 * Never negative, never infinite. What can't be read is ignored; of several values the longest counts, so that
 * nobody comes back earlier than asked.
 *
 * - `retry-after-ms` and `x-ms-retry-after-ms` win over `Retry-After`: a server that sends both says the same thing
 *   twice, once rounded to whole seconds. Azure's own clients read them in this order, too.
 * - `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date in one of three forms.
 * - `RateLimit`, and `RateLimit-Remaining` with `RateLimit-Reset` (draft-ietf-httpapi-ratelimit-headers), count only
 *   where none of the above is there, not even garbage: "the Retry-After field MUST take precedence".
 *
 * `X-RateLimit-*` is not read: its reset is a number of seconds for one service and a date for the next.
 *
 * All of them count from when the answer was made. A stored one says with `Age` how long ago that was (RFC 9111, section
 * 5.1).
 *
 * @param now Epoch milliseconds.
 */
export function serverWait(headers: Headers, now: number): number | undefined {
  const age = seconds(headers.get('age')?.trim() ?? '') ?? 0;
  const exact = [...valuesOf(headers, 'retry-after-ms'), ...valuesOf(headers, 'x-ms-retry-after-ms')];
  const standard = valuesOf(headers, 'retry-after');
  if (exact.length === 0 && standard.length === 0) return left(quotaWait(headers), age);
  return (
    left(longest(exact.map(milliseconds)), age) ??
    longest(standard.map((value) => left(delaySeconds(value), age) ?? untilDate(value, headers, now, age)))
  );
}

function left(wait: number | undefined, age: number): number | undefined {
  return wait === undefined ? undefined : Math.max(0, wait - age);
}

/** `Headers` joins repeated fields with commas; but a comma also follows the weekday of a date. */
const betweenValues =
  /(?<!Mon|Tue|Wed|Thu|Fri|Sat|Sun|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday),/;

function valuesOf(headers: Headers, name: string): string[] {
  return (headers.get(name)?.split(betweenValues) ?? []).map((value) => value.trim());
}

function longest(waits: readonly (number | undefined)[]): number | undefined {
  return waits.reduce((most, wait) => (most === undefined || (wait ?? 0) > most ? wait : most), undefined);
}

function milliseconds(value: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(value) ? finite(Number(value)) : undefined;
}

/** A fraction is outside of the grammar, but servers send it, and mean it: it is rounded up. */
function delaySeconds(value: string): number | undefined {
  return seconds(/^\d+\.\d+$/.test(value) ? String(Math.ceil(Number(value))) : value);
}

/** delay-seconds is 1*DIGIT: no sign, no fraction, no exponent. */
function seconds(value: string): number | undefined {
  return /^\d+$/.test(value) ? finite(Number(value) * 1_000) : undefined;
}

/** A number too large to hold is a very long wait, not an infinite one. */
function finite(wait: number): number {
  return Math.min(wait, Number.MAX_SAFE_INTEGER);
}

/**
 * Counted from the response's own `Date`, if it has one: then both ends are read off the server's clock, and it
 * does not matter how wrong ours is.
 */
function untilDate(value: string, headers: Headers, now: number, age: number): number | undefined {
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

/** Epoch milliseconds. Not `Date.parse`: that takes "5" and 30 February for dates. */
function httpDate(value: string, now: number): number | undefined {
  const parts = dateForms.map((form) => form.exec(value)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const year = Number(parts.year);
  if (parts.year?.length === 4) return epoch(parts, year);
  // Two digits mean the latest such year that is no more than 50 years ahead.
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
  // A day that its month does not have has rolled over into another month.
  if (date.getUTCDate() !== day) return undefined;
  // The 60th second is a leap second, which only the last minute of a day can have.
  if (parts.second === '60' && `${parts.hour}:${parts.minute}` !== '23:59') return undefined;
  return date.setUTCHours(Number(parts.hour), Number(parts.minute), Number(parts.second));
}

/** The longest time until a quota that is used up is filled again. */
function quotaWait(headers: Headers): number | undefined {
  const quotas = [
    { remaining: headers.get('ratelimit-remaining'), reset: headers.get('ratelimit-reset') },
    ...quotasOf(headers.get('ratelimit') ?? ''),
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

/** A field with anything malformed in it is ignored as a whole, as the draft demands. */
function quotasOf(field: string): Quota[] {
  // What is in quotes is a policy's name: its commas and semicolons mean nothing.
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
