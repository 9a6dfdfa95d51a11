/** How often a line is written where it can't be overwritten, in milliseconds. */
const SELDOM = 5_000;
const OFTEN = 200;

/** Says how far it has come: on a terminal in one line that changes, elsewhere in a line now and then. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  readonly #now: () => number;
  readonly #begun: number;
  #saidAt: number;

  /** @param now milliseconds */
  constructor(out: NodeJS.WriteStream, total: number, now: () => number) {
    this.#out = out;
    this.#total = total;
    this.#now = now;
    this.#begun = now();
    this.#saidAt = this.#begun;
  }

  step(calls: number, violations: number): void {
    const now = this.#now();
    if (now - this.#saidAt < (this.#out.isTTY ? OFTEN : SELDOM)) return;
    this.#saidAt = now;
    const rate = Math.round((calls / (now - this.#begun)) * 1_000);
    const line = `${calls} of ${this.#total} calls, ${rate}/s, ${violations} violations`;
    this.#out.write(this.#out.isTTY ? `\r${line.padEnd(72)}` : `${line}\n`);
  }

  /** Makes room for other lines. */
  clear(): void {
    if (this.#out.isTTY) this.#out.write(`\r${' '.repeat(72)}\r`);
  }
}
