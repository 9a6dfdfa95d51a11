/** What a destination's pace depends on. Times in milliseconds. */
export interface PaceTerms {
  /** So many can be under way at a time in this process. */
  readonly concurrency: () => number;
  readonly base: number;
  readonly cap: number;
}

/** How a sending ended, for the destination: `'neither'` says nothing about it. */
export type Sign = 'answered' | 'failed' | 'neither';

/** So many sendings in a row without an answer, and the destination is taken to be down. */
const DOWN_AFTER = 3;
/** The longest time between two probes. */
const LONGEST_SILENCE = 30_000;
/** How often the calls of a destination that is down are looked through for those whose keys have ended. */
const LOOK_THROUGH = 30_000;

interface Down {
  probes: number;
  probeAt: number;
  probing: boolean;
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
  #underWay = 0;
  #limit = Number.POSITIVE_INFINITY;
  #failures = 0;
  #down: Down | undefined;

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

  /** Takes the one call that finds out whether the destination is there again. @returns false: it is not the time */
  probe(now: number): boolean {
    const down = this.#down;
    if (down === undefined || down.probing || down.recovering || now < down.probeAt) return false;
    down.probing = true;
    return true;
  }

  /** The call that `probe` was for was not found. */
  noProbe(): void {
    if (this.#down !== undefined) this.#down.probing = false;
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

  /** A sending begins. */
  begin(): void {
    this.#underWay += 1;
  }

  /** @param retryAt before when there is no use in asking, if the server or the breaker said so */
  ended(sign: Sign, now: number, retryAt = 0): void {
    this.#underWay -= 1;
    if (sign === 'answered') this.#answered(now);
    else if (sign === 'failed') this.#failed(now, retryAt);
    else this.noProbe();
  }

  #answered(now: number): void {
    this.#failures = 0;
    const down = this.#down;
    if (down === undefined) {
      if (this.#limit === Number.POSITIVE_INFINITY) return;
      this.#limit += 1;
      if (this.#limit >= this.#terms.concurrency()) this.#limit = Number.POSITIVE_INFINITY;
      this.#onRoom();
      return;
    }
    if (down.recovering) return;
    down.recovering = true;
    this.#giveTurns(now - down.failedAt).then(
      () => {
        this.#down = undefined;
        this.#limit = 2;
        this.#onRoom();
      },
      () => {
        down.recovering = false;
        down.probing = false;
        down.probeAt = now + this.#terms.base;
      },
    );
  }

  #failed(now: number, retryAt: number): void {
    this.#failures += 1;
    if (this.#down === undefined && this.#failures < DOWN_AFTER && retryAt === 0) return;
    this.#down ??= {
      probes: 0,
      probeAt: now,
      probing: false,
      failedAt: now,
      lookAt: now,
      recovering: false,
    };
    const down = this.#down;
    const { base, cap } = this.#terms;
    const silence = Math.min(LONGEST_SILENCE, cap, base * 2 ** Math.min(down.probes, 16));
    down.probes += 1;
    down.probing = false;
    down.failedAt = now;
    down.probeAt = Math.max(retryAt, now + silence * (0.75 + this.#random() / 2));
  }
}
