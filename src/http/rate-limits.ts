import type { HeaderReader } from './headers.ts';

/** One quota of a server, as a response tells it. */
export interface QuotaWord {
  /** Tells the quotas of one server apart, such as `requests` or `"burst"`. */
  readonly name: string;
  /** How many units may still be used. */
  readonly remaining: number;
  /** Milliseconds from now until the quota is full again. */
  readonly reset: number;
  /** How many units a full quota has, if the server says so. */
  readonly limit: number | undefined;
  /** Whether it fills up little by little until then (a token bucket), not all at once (a window). */
  readonly isGradual: boolean;
  /** Whether it is for some endpoints only (GitHub's search has another quota than the rest). */
  readonly isOfSome: boolean;
  /** Whether a request takes one unit. A request takes an unknown number of tokens. */
  readonly isOfRequests: boolean;
}

/**
 * What a response tells of the quotas of its server. A field that can't be read is ignored.
 *
 * - `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10): lists of named quotas, with `r`, `t` and `q`.
 * - `RateLimit-Limit`, `-Remaining`, `-Reset` of its older drafts, and `X-RateLimit-*` of GitHub and many others. A reset is
 *   a number of seconds, or a time in epoch seconds or milliseconds: no server asks for a wait of thirty years.
 * - `x-ratelimit-remaining-requests`, `-tokens` and their kin of OpenAI, whose resets are durations (`6m0s`).
 * - `anthropic-ratelimit-requests-remaining`, `-tokens-`, `-input-tokens-`, `-output-tokens-` and their kin of Anthropic, whose
 *   resets are dates of RFC 3339.
 *
 * @param now epoch milliseconds
 */
export function quotasOf(headers: HeaderReader, now: number): QuotaWord[] {
  const standard = standardQuotas(headers);
  const plain =
    standard.length > 0
      ? standard
      : [plainQuota(headers, 'ratelimit', now), plainQuota(headers, 'x-ratelimit', now)];
  const vendors = [
    ...['requests', 'tokens'].map((unit) => openai(headers, unit)),
    ...['requests', 'tokens', 'input-tokens', 'output-tokens'].map((unit) => anthropic(headers, unit, now)),
  ];
  return [...plain, ...vendors].filter((quota) => quota !== undefined);
}

/** An Item or a member of a List, in structured fields (RFC 9651): a string or a token, and its parameters. */
const MEMBER = /^("[^"\\]*"|[A-Za-z*][\w*.:/-]*)((?:; *[a-z*][\w*.-]*(?:=(?:"[^"\\]*"|[^\s",;]+))?)*)$/;

/**
 * The parts of a text between separators that are not within quotes. In one pass: a pattern that looks ahead to the end at each
 * separator takes half a second for 16 KiB of commas, and the server chooses the field.
 */
function partsOf(text: string, separator: string): string[] {
  const parts: string[] = [''];
  for (const [at, piece] of text.split('"').entries()) {
    // Every second piece is within quotes.
    const [first = '', ...more] = at % 2 === 1 ? [piece] : piece.split(separator);
    parts[parts.length - 1] += at === 0 ? first : `"${first}`;
    parts.push(...more);
  }
  return parts.map((part) => part.trim());
}

function standardQuotas(headers: HeaderReader): QuotaWord[] {
  const policies = new Map(
    membersOf(headers.get('ratelimit-policy')).map((one) => [one.name, one.parameters]),
  );
  return membersOf(headers.get('ratelimit')).flatMap(({ name, parameters }) => {
    const policy = policies.get(name);
    const remaining = whole(parameters.get('r'));
    const reset = whole(parameters.get('t'));
    const unit = policy?.get('qu');
    if (remaining === undefined || reset === undefined) return [];
    const isOfRequests = unit === undefined || unit === '"requests"';
    return [
      {
        name,
        remaining,
        reset: 1_000 * reset,
        limit: whole(policy?.get('q')),
        isGradual: false,
        isOfSome: false,
        isOfRequests,
      },
    ];
  });
}

/** The members of a list; none, if anything in the field is malformed. */
function membersOf(field: string | null): { name: string; parameters: Map<string, string> }[] {
  if (field === null) return [];
  const found = partsOf(field, ',').map((text) => MEMBER.exec(text));
  if (found.includes(null)) return [];
  return found.map((match) => ({ name: match?.[1] ?? '', parameters: parametersOf(match?.[2] ?? '') }));
}

function parametersOf(text: string): Map<string, string> {
  return new Map(
    partsOf(text, ';')
      .filter((pair) => pair !== '')
      .map((pair) => [pair.split('=')[0] ?? '', pair.replace(/^[^=]*=?/, '')]),
  );
}

/** Longer than any server asks for, in seconds: what is above it is a time, not a wait. */
const TIME_FROM = 1_000_000_000;
/** What is above it is in milliseconds. */
const MILLISECONDS_FROM = 1_000_000_000_000;

function plainQuota(headers: HeaderReader, prefix: string, now: number): QuotaWord | undefined {
  const remaining = whole(headers.get(`${prefix}-remaining`));
  const reset = number(headers.get(`${prefix}-reset`));
  if (remaining === undefined || reset === undefined) return undefined;
  const resource = headers.get(`${prefix}-resource`);
  return {
    name: resource === null ? prefix : `${prefix} ${resource}`,
    remaining,
    reset: Math.max(0, resetOf(reset, clockOf(headers, now))),
    // `100, 100;w=60` of older drafts: the first is the one that counts.
    limit: whole(headers.get(`${prefix}-limit`)?.split(/[,;]/)[0] ?? null),
    isGradual: false,
    isOfSome: resource !== null,
    isOfRequests: true,
  };
}

function resetOf(reset: number, now: number): number {
  if (reset >= MILLISECONDS_FROM) return reset - now;
  return reset >= TIME_FROM ? 1_000 * reset - now : 1_000 * reset;
}

function openai(headers: HeaderReader, unit: string): QuotaWord | undefined {
  const remaining = whole(headers.get(`x-ratelimit-remaining-${unit}`));
  const reset = duration(headers.get(`x-ratelimit-reset-${unit}`));
  if (remaining === undefined || reset === undefined) return undefined;
  const limit = whole(headers.get(`x-ratelimit-limit-${unit}`));
  return refilled(unit, unit, { remaining, reset, limit });
}

function anthropic(headers: HeaderReader, unit: string, now: number): QuotaWord | undefined {
  const prefix = `anthropic-ratelimit-${unit}`;
  const remaining = whole(headers.get(`${prefix}-remaining`));
  const at = Date.parse(headers.get(`${prefix}-reset`) ?? '');
  if (remaining === undefined || Number.isNaN(at)) return undefined;
  const reset = Math.max(0, at - clockOf(headers, now));
  const limit = whole(headers.get(`${prefix}-limit`));
  return refilled(prefix, unit, { remaining, reset, limit });
}

/** A quota that is refilled little by little, for all calls. */
function refilled(
  name: string,
  unit: string,
  amounts: Pick<QuotaWord, 'remaining' | 'reset' | 'limit'>,
): QuotaWord {
  return { name, ...amounts, isGradual: true, isOfSome: false, isOfRequests: unit === 'requests' };
}

/** The server's own clock, if the response says what it shows: a reset is read off the same one. */
function clockOf(headers: HeaderReader, now: number): number {
  const date = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(date) ? now : date;
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };

/** `6m0s`, `8.64s`, `120ms`: in milliseconds. */
function duration(text: string | null): number | undefined {
  if (text === null || !/^(?:\d+(?:\.\d+)?(?:h|ms|m|s))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)) {
    sum += Number(amount) * (UNITS[unit] ?? 0);
  }
  return sum;
}

function whole(text: string | null | undefined): number | undefined {
  return text !== null && text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;
}

function number(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
