import { Health } from './health.ts';

/** What a destination's pace depends on. Times in milliseconds. */
export interface PaceTerms {
  /** So many can be under way at a time in this process. */
  readonly concurrency: () => number;
  readonly base: number;
  readonly cap: number;
}

/** How a sending ended, for the destination: `'neither'` says nothing about it. */
export type Sign = 'answered' | 'failed' | 'neither';

/** One sending to the destination. */
export interface Sending {
  readonly call: string;
  /** So many had begun by then. */
  readonly number: number;
}

/** The longest time between two probes. */
const LONGEST_SILENCE = 30_000;
/** How often the calls of a destination that is down are looked through for those whose keys have ended. */
const LOOK_THROUGH = 30_000;

/**
 * Who waited for no longer than this goes at once, without a turn: a minute in which those go as well has a sixth more
 * than usual.
 */
const SHORT_REST = 10_000;

interface Down {
  readonly since: number;
  probes: number;
  probeAt: number;
  probing: boolean;
  /** The call that finds out whether the destination is there again, once it is found. */
  probe: string | undefined;
  /** It asked not to be called before this, after so many sendings had begun. */
  away: { readonly until: number; readonly after: number } | undefined;
  /** When it failed last. */
  failedAt: number;
  lookAt: number;
  /** It has answered, and those that waited are being given their turns. */
  recovering: boolean;
}

/**
 * Whether calls to one destination are taken. While all is well: as they come. When it is down: none, but one probe at
 * a time. When it answers, those that waited are given turns, and how many may be under way grows with every answer.
 */
export class Pace {
  readonly #terms: PaceTerms;
  readonly #random: () => number;
  readonly #giveTurns: (silence: number) => Promise<unknown>;
  readonly #onRoom: () => void;
  readonly #health = new Health();
  #underWay = 0;
  #begun = 0;
  #limit = Number.POSITIVE_INFINITY;
  #down: Down | undefined;
  /**
   * The calls that wait are those of so many milliseconds, as of `#backAt`. Before the first answer this process knows
   * nothing of them: they may have waited for hours.
   */
  #behind = Number.POSITIVE_INFINITY;
  #backAt = 0;

  /**
   * @param giveTurns lays out the calls that waited. Is told for how many milliseconds it is known that nothing failed;
   * if it throws, the destination stays down until the next probe
   * @param onRoom called when more calls may be taken than before
   */
  constructor(
    terms: PaceTerms,
    random: () => number,
    giveTurns: (silence: number) => Promise<unknown>,
    onRoom: () => void,
  ) {
    this.#terms = terms;
    this.#random = random;
    this.#giveTurns = giveTurns;
    this.#onRoom = onRoom;
  }

  /** How many calls may be taken now. */
  get room(): number {
    return this.#down === undefined ? Math.max(0, this.#limit - this.#underWay) : 0;
  }

  /**
   * Takes the one call that finds out whether the destination is there again: `probeIs` or `noProbe` follows.
   * @returns false: it is not the time
   */
  probe(now: number): boolean {
    const down = this.#down;
    if (down === undefined || down.probing || down.recovering || now < down.probeAt) return false;
    down.probing = true;
    return true;
  }

  /** The call that `probe` was for is this one. */
  probeIs(call: string): void {
    if (this.#down !== undefined) this.#down.probe = call;
  }

  /** @param call is not sent, so another is needed if it was to be the probe. Without it: none was found */
  noProbe(call?: string): void {
    const down = this.#down;
    if (down === undefined || down.probe !== call) return;
    down.probing = false;
    down.probe = undefined;
  }

  /** Whether it is time to look for calls whose keys have ended while the destination is down. */
  looks(now: number): boolean {
    if (this.#down === undefined || now < this.#down.lookAt) return false;
    this.#down.lookAt = now + LOOK_THROUGH;
    return true;
  }

  /** There is one whose key ends then. */
  lookAt(time: number): void {
    if (this.#down !== undefined) this.#down.lookAt = Math.min(this.#down.lookAt, time);
  }

  /** A sending of this call begins. */
  begin(call: string): Sending {
    this.#underWay += 1;
    this.#begun += 1;
    return { call, number: this.#begun };
  }

  /** @param retryAt before when there is no use in asking, if the server or the breaker said so */
  ended(sending: Sending, sign: Sign, now: number, retryAt = 0): void {
    this.#underWay -= 1;
    if (sign === 'answered') this.#answered(sending, now);
    else if (sign === 'failed') this.#failed(sending, now, retryAt);
    else this.noProbe(sending.call);
  }

  #answered({ call, number }: Sending, now: number): void {
    this.#health.answered(call);
    const down = this.#down;
    if (down === undefined) {
      if (this.#behind === Number.POSITIVE_INFINITY) this.#behind = 0;
      if (this.#limit === Number.POSITIVE_INFINITY) return;
      this.#limit += 1;
      if (this.#limit >= this.#terms.concurrency()) this.#limit = Number.POSITIVE_INFINITY;
      this.#onRoom();
      return;
    }
    this.noProbe(call);
    // It was under way when the destination asked for a pause: so it does not end the pause.
    if (down.away !== undefined && now < down.away.until && number <= down.away.after) return;
    if (down.recovering) return;
    down.away = undefined;
    const behind = this.#behind + now - down.since;
    if (behind <= SHORT_REST) {
      this.#back(now, behind);
      return;
    }
    down.recovering = true;
    this.#giveTurns(now - down.failedAt).then(
      () => {
        down.recovering = false;
        // Unless it asked for a pause meanwhile.
        if (down.away === undefined) this.#back(now, 0);
      },
      () => {
        down.recovering = false;
        down.probeAt = Math.max(down.probeAt, now + this.#terms.base);
      },
    );
  }

  #back(now: number, behind: number): void {
    this.#down = undefined;
    this.#limit = 2;
    this.#behind = behind;
    this.#backAt = now;
    this.#onRoom();
  }

  #failed({ call }: Sending, now: number, retryAt: number): void {
    const tells = this.#health.failed(call);
    const wasProbe = this.#down?.probe === call;
    if (this.#down === undefined) {
      if (!tells || (retryAt === 0 && !this.#health.isDown)) return;
      this.#behind = Math.max(0, this.#behind - (now - this.#backAt));
    }
    this.#down ??= {
      since: now,
      probes: 1,
      probeAt: now + this.#silence(0),
      probing: false,
      probe: undefined,
      away: undefined,
      failedAt: now,
      lookAt: now,
      recovering: false,
    };
    const down = this.#down;
    down.failedAt = now;
    // The others were under way when it went down: however many they are, it is one outage.
    if (wasProbe) {
      down.probeAt = now + this.#silence(down.probes);
      down.probes += 1;
      this.noProbe(call);
    }
    if (!tells || retryAt === 0) return;
    down.away = { until: Math.max(retryAt, down.away?.until ?? 0), after: this.#begun };
    down.probeAt = Math.max(down.probeAt, retryAt);
  }

  /** After so many probes that failed. */
  #silence(probes: number): number {
    const { base, cap } = this.#terms;
    const silence = Math.min(LONGEST_SILENCE, cap, base * 2 ** Math.min(probes, 16));
    return silence * (0.75 + this.#random() / 2);
  }
}
