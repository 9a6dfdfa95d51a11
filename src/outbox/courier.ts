import type { Clock } from 'pg-boss';
import type { ErrorSummary } from '../model/report.ts';
import { TransactionAbortedError } from '../once/errors.ts';
import { Batch } from './batch.ts';
import { handleOf } from './call.ts';
import { type Database, engineDb, type Tx } from './database.ts';
import { type Engine, type Job, type LiveQueue, QUEUES } from './engine.ts';
import type { OutboxEvents } from './events.ts';
import { letterOf } from './letter.ts';
import type { Listeners } from './listeners.ts';
import type { CheckedOutbox, DurableHandler } from './options.ts';
import type { Pace, Sign } from './pace.ts';
import type { LastTry, Result, Why } from './result.ts';
import { type NotSent, send } from './send.ts';
import { judge, type Sent } from './verdict.ts';

/** What a courier works with. */
export interface Tools {
  readonly engine: Engine;
  readonly database: Database;
  readonly options: CheckedOutbox;
  readonly listeners: Listeners<OutboxEvents>;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Statuses with which a server asks all clients to stay away for a while. */
const STAY_AWAY: ReadonlySet<number | undefined> = new Set([429, 503]);

type Ending = Result & { readonly outcome: 'done' | 'refused' | 'expired' };

/** Takes a call that this process holds to its destination, and records how that went. */
export class Courier {
  readonly #tools: Tools;
  readonly #batches: Readonly<Record<LiveQueue, Batch>>;

  constructor(tools: Tools) {
    this.#tools = tools;
    this.#batches = {
      [QUEUES.calls]: new Batch(tools.engine, QUEUES.calls),
      [QUEUES.ordered]: new Batch(tools.engine, QUEUES.ordered),
    };
  }

  /**
   * Sends it, unless its key has ended.
   * @param pace of its destination
   * @param onSent called when it has been sent, and its end is still to be recorded
   */
  async deliver(job: Job, pace: Pace, onSent = () => {}): Promise<Result> {
    const { options, clock } = this.#tools;
    if (clock.now() >= job.local.until) {
      pace.noProbe(job.id);
      return await this.#expire(job);
    }
    const sending = pace.begin(job.id);
    const sent = await send(job, options, clock);
    onSent();
    const now = clock.now();
    if ('own' in sent) {
      pace.ended(sending, 'neither', now);
      if (sent.own === 'expired') return await this.#expire(job);
      return await this.#later(job, sent, this.#last(job, sent.own, { error: sent.error }, true), 0);
    }
    const verdict = judge(sent, now);
    pace.ended(sending, signOf(sent, verdict.over !== false), now, this.#awayUntil(sent, verdict, now));
    if (verdict.over === 'done') return await this.#done(job, sent);
    const last = this.#last(job, verdict.why, sent, verdict.over !== false || verdict.counts);
    if (verdict.over === 'refused') return await this.#bury(job, 'refused', this.#found(job, sent), last);
    if (now >= job.local.until) {
      return await this.#bury(job, 'expired', this.#found(job, sent), { ...last, why: 'expired' });
    }
    return await this.#later(job, sent, last, verdict.wait);
  }

  /** Gives back a call whose turn has not come. */
  async postpone(job: Job): Promise<void> {
    const last = this.#last(job, 'paced', {}, false);
    const { engine, database, clock } = this.#tools;
    const wait = this.#inTime(job, job.turn - clock.now());
    await database.transaction((tx) => engine.postpone(engineDb(tx), job, last, wait));
  }

  /** Its key has ended before it could be sent. */
  async #expire(job: Job): Promise<Result> {
    const found = { call: handleOf(job.id, job.call) };
    return await this.#bury(job, 'expired', found, this.#last(job, 'expired', {}, false));
  }

  #found(job: Job, { response, error, report }: Partial<Sent>): Omit<Result, 'outcome'> {
    return {
      call: handleOf(job.id, job.call),
      ...(response !== undefined && { response }),
      ...(error !== undefined && { error }),
      ...(report !== undefined && { report }),
    };
  }

  async #done(job: Job, sent: Sent): Promise<Result> {
    const result: Ending = { ...this.#found(job, sent), outcome: 'done' };
    const { onDone } = this.#tools.options;
    if (onDone === undefined) {
      const held = await this.#batches[job.queue].done(job);
      if (held) this.#tools.listeners.tell('done', result);
      return result;
    }
    return await this.#end(job, result, onDone, async (tx) => {
      const held = await this.#tools.engine.complete(job.queue, [job], { outcome: 'done' }, engineDb(tx));
      return held.has(job.id);
    });
  }

  async #bury(
    job: Job,
    reason: 'refused' | 'expired',
    found: Omit<Result, 'outcome'>,
    last: LastTry,
  ): Promise<Result> {
    const { engine, options, clock } = this.#tools;
    const result: Ending = { ...found, outcome: reason, last };
    const handler = reason === 'refused' ? options.onRefused : options.onExpired;
    return await this.#end(job, result, handler, async (tx) => {
      const db = engineDb(tx);
      const held = await engine.complete(job.queue, [job], { outcome: reason }, db);
      if (!held.has(job.id)) return false;
      await engine.bury(db, job, letterOf(job, reason, last, clock.now()));
      return true;
    });
  }

  /** The end of a call and what its handler writes: one transaction. */
  async #end(
    job: Job,
    result: Ending,
    handler: DurableHandler | undefined,
    record: (tx: Tx) => Promise<boolean>,
  ): Promise<Result> {
    let failure: { error: unknown } | undefined;
    try {
      const held = await this.#tools.database.transaction(async (tx) => {
        if (!(await record(tx))) return false;
        try {
          await handler?.(tx, result);
        } catch (error) {
          failure = { error };
          throw error;
        }
        return true;
      });
      if (held) this.#tools.listeners.tell(result.outcome, result);
      return result;
    } catch (error) {
      // The handler threw, or caught an error of the database, after which nothing can be committed.
      const isHandlers =
        failure !== undefined || (handler !== undefined && error instanceof TransactionAbortedError);
      if (!isHandlers) throw error;
      const thrown = failure === undefined ? error : failure.error;
      this.#tools.listeners.error(thrown);
      const last = this.#last(job, 'handler', { ...result, error: thrown }, true);
      return await this.#later(job, result, last, 0);
    }
  }

  async #later(job: Job, sent: Partial<Sent> | NotSent, last: LastTry, asked: number): Promise<Result> {
    const { engine, database, options, clock, random, listeners } = this.#tools;
    const { base, cap } = options.backoff;
    const pause = random() * Math.min(cap, base * 2 ** Math.min(Math.max(last.tries - 1, 0), 30));
    // What the server asked for is a floor, with the jitter on top, so that those who were told the same don't come together.
    const wait = this.#inTime(job, asked > 0 ? asked + pause : pause);
    await database.transaction((tx) => engine.postpone(engineDb(tx), job, last, wait));
    const result: Result = {
      ...('own' in sent ? { call: handleOf(job.id, job.call), error: sent.error } : this.#found(job, sent)),
      outcome: 'later',
      last,
      notBefore: clock.now() + wait,
    };
    listeners.tell('later', result);
    return result;
  }

  /** A call whose key ends is looked at then, to be told to whom it concerns. */
  #inTime(job: Job, wait: number): number {
    return Math.max(0, Math.min(wait, job.local.until - this.#tools.clock.now()));
  }

  #last(job: Job, why: Why, { response, error, report }: Partial<Sent>, counts: boolean): LastTry {
    const { last, attempt } = job;
    // A worker that died leaves no word of the outbox's, and may have sent it.
    const before = last?.delivery ?? (attempt.retryCount > 0 ? 'unknown' : 'not-sent');
    const delivery = report?.delivery ?? 'not-sent';
    const summary = errorOf(error);
    return {
      tries: (last?.tries ?? 0) + (counts ? 1 : 0),
      at: this.#tools.clock.now(),
      why,
      ...(response !== undefined && { status: response.status }),
      ...(summary !== undefined && { error: summary }),
      // What may have arrived once may have arrived.
      delivery: delivery === 'not-sent' ? before : delivery,
    };
  }

  #awayUntil({ response, report }: Sent, verdict: ReturnType<typeof judge>, now: number): number {
    if (verdict.over !== false || verdict.wait === 0) return 0;
    return report?.stopped === 'breaker' || STAY_AWAY.has(response?.status) ? now + verdict.wait : 0;
  }
}

function signOf({ response, report }: Sent, over: boolean): Sign {
  if (report === undefined || report.stopped === 'aborted') return 'neither';
  if (over && response !== undefined) return 'answered';
  return over ? 'neither' : 'failed';
}

function errorOf(error: unknown): ErrorSummary | undefined {
  if (error === undefined) return undefined;
  const { name, code } =
    error instanceof Error ? (error as Error & { code?: unknown }) : { name: 'Error', code: undefined };
  return { name, ...(typeof code === 'string' && { code }) };
}
