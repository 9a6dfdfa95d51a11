import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { everyScope } from '../call/clients.ts';
import type { Events } from '../model/events.ts';
import type { CallReport } from '../model/report.ts';
import type { BrokenLine, CallLine, Tick } from './message.ts';

/** A line holds that many calls, bodies and changes at most. All of them are counted. */
const MOST = 50;

/** Listens to every client of this process until it is stopped. */
export class Collector {
  #calls = 0;
  #good = 0;
  #retries = 0;
  #rejected = 0;
  #last: CallLine[] = [];
  #broken: BrokenLine[] = [];
  #changes: Events['breaker'][] = [];
  readonly #ends: (() => void)[] = [];

  constructor() {
    this.#on('settled', (report) => {
      this.#calls += 1;
      if (report.stopped === 'success') this.#good += 1;
      keep(this.#last, lineOf(report));
    });
    this.#on('retry', () => {
      this.#retries += 1;
    });
    this.#on('rejected', () => {
      this.#rejected += 1;
    });
    this.#on('breaker', (change) => keep(this.#changes, change));
    this.#on('body', ({ id, end }) => {
      if (end !== 'ended' && end !== 'cancelled') keep(this.#broken, { id, end });
    });
  }

  /** What happened since this was called last. */
  take(at: number): Tick {
    const tick: Tick = {
      kind: 'tick',
      at,
      scopes: everyScope(),
      calls: this.#calls,
      good: this.#good,
      retries: this.#retries,
      rejected: this.#rejected,
      last: this.#last,
      broken: this.#broken,
      changes: this.#changes,
    };
    this.#calls = this.#good = this.#retries = this.#rejected = 0;
    this.#last = [];
    this.#broken = [];
    this.#changes = [];
    return tick;
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  #on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): void {
    const onMessage = (message: unknown) => listener(message as Events[Name]);
    subscribe(`steadfetch:${name}`, onMessage);
    this.#ends.push(() => unsubscribe(`steadfetch:${name}`, onMessage));
  }
}

function keep<Line>(lines: Line[], line: Line): void {
  lines.push(line);
  if (lines.length > MOST) lines.shift();
}

function lineOf(report: CallReport): CallLine {
  const { id, method, url, scope, startedAt, duration, stopped, delivery, attempts } = report;
  const { status, error } = attempts.at(-1) ?? {};
  const last = String(error?.code ?? error?.name ?? status ?? '');
  return { id, method, url, scope, startedAt, duration, stopped, delivery, attempts: attempts.length, last };
}
