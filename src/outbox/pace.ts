/** What a scope's pace depends on. Times in milliseconds. */
export interface PaceTerms {
  readonly concurrency: number;
  readonly base: number;
  readonly cap: number;
}

/** A call that asks whether it may be sent now. Epoch milliseconds. */
export interface Candidate {
  readonly addedAt: number;
  readonly until: number;
}

/** How a sending ended, for the scope: `'neither'` says nothing about the destination. */
export type Sign = 'answered' | 'failed' | 'neither';

/** So many sendings in a row without an answer, and the destination is taken to be down. */
const DOWN_AFTER = 3;
/**
 * How much faster than they were added those that waited are sent after an outage. New calls are sent as they come: the
 * destination sees at most that share more than its normal rate.
 */
const BACKLOG_SPEED = 0.45;
/** A call does not wait longer for its turn than for this share of the time that it has. */
const PATIENCE = 0.75;
/** The longest time between two probes. */
const LONGEST_SILENCE = 30_000;

/** Calls that are held up ask again at the earliest after so long, and each of them adds so much, in milliseconds. */
const SOON = 5_000;
const ASKING = 30;
/** So many that it makes no difference any more. */
const MANY = 10_000;

interface Down {
  readonly since: number;
  /** The oldest call that this outage holds up. */
  from: number;
  /** Whether `from` is known, or what was seen so far. */
  readonly known: boolean;
  /** Whether it came before those that an earlier one had held up were through. */
  readonly resumed: boolean;
  probes: number;
  probeAt: number;
  probing: boolean;
  /** By when they were added: the calls that it holds up, or as many as matter. */
  readonly held: Set<number>;
  /** When the last of them will ask again. */
  latest: number;
}

/** Calls added from `from` to `to` are sent from `start` on, at their own rhythm. */
interface Recovery {
  readonly from: number;
  readonly to: number;
  readonly start: number;
}

/**
 * When calls to one scope are sent. While all is well: at once. When the destination is down: no call, but one probe at
 * a time. After that those that waited go in the order and rhythm in which they were added, behind the new ones; and
 * how many may be under way grows with every answer. Each call's place follows from when it was added, so processes need
 * not talk to each other to keep the pace.
 */
export class Pace {
  readonly #terms: PaceTerms;
  readonly #random: () => number;
  #underWay = 0;
  #limit: number;
  #failures = 0;
  #answeredAt: number | undefined;
  #oldest = Number.POSITIVE_INFINITY;
  #down: Down | undefined;
  #recovery: Recovery | undefined;

  constructor(terms: PaceTerms, random: () => number) {
    this.#terms = terms;
    this.#random = random;
    this.#limit = terms.concurrency;
  }

  /** @returns 0: it is sent, and `ended` has to be called; else the milliseconds until it may ask again */
  admit({ addedAt, until }: Candidate, now: number): number {
    if (this.#down !== undefined) return this.#probe(this.#down, addedAt, now);
    const wait = this.#turnOf(addedAt, until, now) - now;
    if (wait > 0) return wait;
    if (this.#underWay >= this.#limit) return this.#random() * this.#terms.base;
    this.begin();
    return 0;
  }

  /** A sending that did not ask. */
  begin(): void {
    this.#underWay += 1;
  }

  /** @param retryAt before when there is no use in asking, if the server or the breaker said so */
  ended(sign: Sign, now: number, retryAt = 0): void {
    this.#underWay -= 1;
    if (sign === 'answered') this.#answered(now);
    else if (sign === 'failed') this.#failed(now, retryAt);
    else if (this.#down !== undefined) this.#down.probing = false;
  }

  #probe(down: Down, addedAt: number, now: number): number {
    if (down.held.size < MANY) down.held.add(addedAt);
    if (!down.known) down.from = Math.min(down.from, addedAt);
    if (down.probing || now < down.probeAt) {
      const { base, cap } = this.#terms;
      // The more there are, the more seldom each of them asks.
      const often = Math.max(base, Math.min(now - down.since, Math.max(SOON, down.held.size * ASKING)));
      const wait = Math.max(down.probeAt - now, 0) + (0.5 + this.#random() / 2) * Math.min(cap, often);
      down.latest = Math.max(down.latest, now + wait);
      return wait;
    }
    down.probing = true;
    this.begin();
    return 0;
  }

  #turnOf(addedAt: number, until: number, now: number): number {
    const recovery = this.#recovery;
    this.#oldest = Math.min(this.#oldest, addedAt);
    if (recovery === undefined || addedAt >= recovery.to) return now;
    if (now >= turnIn(recovery, recovery.to)) {
      this.#recovery = undefined;
      return now;
    }
    return Math.min(turnIn(recovery, addedAt), addedAt + PATIENCE * (until - addedAt));
  }

  #answered(now: number): void {
    this.#failures = 0;
    this.#answeredAt = now;
    this.#oldest = Number.POSITIVE_INFINITY;
    if (this.#down !== undefined) {
      const from = Math.min(this.#down.from, now);
      // The calls that wait now may be waiting for so long; until then it is not known which is first.
      const longest = Math.min(this.#terms.cap, now - from);
      const settled = this.#down.known ? Math.min(this.#down.latest, now + longest) : now + longest;
      // So few are no crowd.
      const isCrowd = this.#down.held.size > this.#terms.concurrency || this.#down.resumed;
      this.#recovery = isCrowd ? { from, to: now, start: Math.max(now, settled) } : undefined;
      this.#down = undefined;
      this.#limit = 1;
    }
    this.#limit = Math.min(this.#terms.concurrency, this.#limit + 1);
  }

  #failed(now: number, retryAt: number): void {
    this.#failures += 1;
    if (this.#down === undefined && this.#failures < DOWN_AFTER && retryAt === 0) return;
    this.#down ??= this.#fallen(now);
    const { base, cap } = this.#terms;
    const silence = Math.min(LONGEST_SILENCE, cap, base * 2 ** Math.min(this.#down.probes, 16));
    this.#down.probes += 1;
    this.#down.probing = false;
    this.#down.probeAt = Math.max(retryAt, now + silence * (0.75 + this.#random() / 2));
  }

  #fallen(now: number): Down {
    const { from, known } = this.#heldUp(now);
    const resumed = this.#recovery !== undefined;
    this.#recovery = undefined;
    return {
      since: now,
      from,
      known,
      resumed,
      probes: 0,
      probeAt: now,
      probing: false,
      held: new Set(),
      latest: now,
    };
  }

  /** Since when calls have been waiting: where an unfinished recovery stood, or the last answer, or what can be seen. */
  #heldUp(now: number): { from: number; known: boolean } {
    const recovery = this.#recovery;
    if (recovery !== undefined) return { from: reached(recovery, now), known: true };
    if (this.#answeredAt !== undefined)
      return { from: Math.max(this.#answeredAt, Math.min(this.#oldest, now)), known: true };
    return { from: Math.min(this.#oldest, now), known: false };
  }
}

function turnIn({ from, start }: Recovery, addedAt: number): number {
  return start + Math.max(0, addedAt - from) / BACKLOG_SPEED;
}

function reached({ from, to, start }: Recovery, now: number): number {
  return Math.min(to, from + Math.max(0, now - start) * BACKLOG_SPEED);
}
