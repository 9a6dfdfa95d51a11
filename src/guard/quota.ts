import type { QuotaWord } from '../http/rate-limits.ts';
import type { Departure, Entry, Guard, Permit, Refusal } from './guard.ts';

/** How long attempts wait for the answer that tells the quota, in milliseconds: a slow first answer must not stop all others. */
const HELD = 1_000;
/** How much the latest answer tells of what a request takes. */
const LATEST = 0.3;
/** So many quotas of a scope are known, the latest told. The server chooses their names, and may have no end of them. */
const MOST_QUOTAS = 50;
/** So many endpoints of a quota are known. Paths that begin with an id are a new endpoint each time. */
const MOST_ENDPOINTS = 200;

/** A quota as it was told. Times are monotonic. */
interface Told extends Omit<QuotaWord, 'name' | 'reset'> {
  readonly at: number;
  readonly resetAt: number;
  /** The attempt whose answer told it. */
  readonly by: Permit;
  /** Units that a request takes. */
  readonly cost: number;
  /** The endpoints whose answers told it. Empty if it is for all endpoints. */
  readonly endpoints: Set<string>;
}

/** What is known of a quota. */
export interface KnownQuota extends Pick<QuotaWord, 'name' | 'remaining' | 'limit' | 'reset'> {}

/**
 * Keeps to the quotas that a server publishes, so that no attempt has to be refused to learn of them. An attempt that would exceed
 * one waits until it fits, if it has the time; else it is sent, as without this guard.
 *
 * A server may have counted an attempt that is still under way, or not. So each of them is taken from what was told. Where nothing
 * is known (at first, and after each reset), one attempt is sent, and the others wait for its answer.
 */
export class Quota implements Guard {
  readonly name = 'quota';
  readonly #told = new Map<string, Told>();
  /** Attempts under way, in the order in which they were sent. */
  readonly #underWay = new Set<Permit>();
  #sent: Permit = 0;
  /** Whether the latest answer gave no word that holds an attempt back. */
  #isSilent = false;
  /** Monotonic: when the attempt was sent whose answer is waited for. */
  #askedAt = Number.NEGATIVE_INFINITY;

  refusal({ now, latest = now, endpoint }: Pick<Entry, 'now' | 'latest' | 'endpoint'>): Refusal | undefined {
    const until = this.#freeAt(endpoint, now);
    // Too long: the attempt goes out, and the server may refuse it.
    return until <= now || until > latest
      ? undefined
      : { by: 'quota', until, isFixed: false, isInLine: true };
  }

  enter({ now }: Pick<Entry, 'now'>): Permit {
    this.#sent += 1;
    this.#underWay.add(this.#sent);
    this.#askedAt = now;
    return this.#sent;
  }

  leave(permit: Permit, { now, quotas, endpoint }: Pick<Departure, 'now' | 'quotas' | 'endpoint'>): void {
    this.#underWay.delete(permit);
    if (quotas === undefined) return;
    this.#isSilent = quotas.every(isEmpty);
    for (const [name, told] of this.#told) if (isOver(told, now)) this.#told.delete(name);
    for (const word of quotas) this.#learn(permit, word, endpoint, now);
  }

  cancel(permit: Permit): void {
    this.#underWay.delete(permit);
  }

  allowed(): string {
    return 'within';
  }

  describe(now: number): string {
    const quotas = this.known(now).map(({ name, remaining }) => `${name} ${remaining}`);
    return quotas.length === 0 ? 'quota unknown' : `quota ${quotas.join(', ')}`;
  }

  /** What is known of each quota. */
  known(now: number): KnownQuota[] {
    return Array.from(this.#told)
      .filter(([, told]) => !isOver(told, now))
      .map(([name, told]) => ({
        // A string of structured fields is in quotes.
        name: name.replaceAll('"', ''),
        remaining: Math.max(0, Math.floor(this.#available(told, now))),
        limit: told.limit,
        reset: Math.max(0, told.resetAt - now),
      }));
  }

  #learn(permit: Permit, { name, reset, ...word }: QuotaWord, endpoint: string, now: number): void {
    const last = this.#told.get(name);
    // An answer that was overtaken tells of an older state.
    if (last !== undefined && permit < last.by && now < last.resetAt) return;
    const endpoints = last?.endpoints ?? new Set();
    if (word.isOfSome) addTo(endpoints, endpoint);
    // Deleted first, so that it becomes the latest.
    this.#told.delete(name);
    this.#told.set(name, {
      ...word,
      at: now,
      resetAt: now + reset,
      by: permit,
      cost: costOf(word, last, permit, now),
      endpoints,
    });
    this.#makeRoom();
  }

  /** Forgets the quota that was told longest ago, if there are too many. */
  #makeRoom(): void {
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size > MOST_QUOTAS) this.#told.delete(oldest);
  }

  /** Monotonic: when the next attempt fits into all quotas. */
  #freeAt(endpoint: string, now: number): number {
    let until = now;
    let isKnown = this.#told.size > 0;
    for (const told of this.#told.values()) {
      if (told.isOfSome && !told.endpoints.has(endpoint)) continue;
      if (isOver(told, now)) {
        isKnown = false;
        continue;
      }
      const missing = told.cost - this.#available(told, now);
      if (missing > 0) until = Math.max(until, this.#refilledAt(told, missing, now));
    }
    if (isKnown || this.#isSilent || this.#underWay.size === 0) return until;
    return Math.max(until, this.#askedAt + HELD);
  }

  /** Units that are left for another attempt: what was told, less what is under way or was sent since. */
  #available(told: Told, now: number): number {
    let taken = Math.max(0, this.#sent - told.by);
    for (const permit of this.#underWay) if (permit < told.by) taken += 1;
    return filled(told, now) - taken * told.cost;
  }

  #refilledAt(told: Told, missing: number, now: number): number {
    const { limit, remaining, resetAt, at, isGradual } = told;
    if (!isGradual || limit === undefined || limit <= remaining) return Math.max(told.resetAt, now);
    const perUnit = (resetAt - at) / (limit - remaining);
    return now + Math.ceil(missing * perUnit);
  }
}

/** An endpoint that was forgotten is not held back, and is known again with its next answer. */
function addTo(endpoints: Set<string>, endpoint: string): void {
  if (endpoints.size >= MOST_ENDPOINTS && !endpoints.has(endpoint)) endpoints.clear();
  endpoints.add(endpoint);
}

/**
 * Whether a word holds no attempt back, now or later: its window is over already, and something is left of it (or there is no quota at
 * all). Some servers always send a reset of 0, or one by a clock that is wrong.
 */
function isEmpty({ isGradual, reset, remaining, limit }: QuotaWord): boolean {
  return !isGradual && reset === 0 && (remaining > 0 || limit === 0);
}

/** Whether the window has ended: what was told of it holds no longer. */
function isOver({ isGradual, resetAt }: Told, now: number): boolean {
  return !isGradual && now >= resetAt;
}

/** Units at that time, if nothing was taken since. */
function filled({ isGradual, limit, remaining, at, resetAt }: Told, now: number): number {
  if (!isGradual || limit === undefined) return remaining;
  const share = resetAt > at ? Math.min(1, (now - at) / (resetAt - at)) : 1;
  return remaining + share * Math.max(0, limit - remaining);
}

/** What a request takes: one of a quota of requests; of tokens, what the latest requests took. */
function costOf(
  word: Omit<QuotaWord, 'name' | 'reset'>,
  last: Told | undefined,
  permit: Permit,
  now: number,
): number {
  if (word.isOfRequests) return 1;
  if (last === undefined || permit <= last.by) return last?.cost ?? 1;
  const took = Math.max(0, (filled(last, now) - word.remaining) / (permit - last.by));
  return Math.max(1, last.cost + LATEST * (took - last.cost));
}
