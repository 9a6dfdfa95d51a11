import type { Admission } from '../guard/admission.ts';
import type { Departure } from '../guard/guard.ts';
import type { HeaderReader } from '../http/headers.ts';
import { quotasOf } from '../http/rate-limits.ts';
import { serverWait } from '../http/retry-after.ts';
import type { Delivery } from '../model/failure.ts';
import type { FetchBody } from '../model/options.ts';
import type { AttemptRequest, Exchange, ResponseHead } from '../transport/exchange.ts';
import { AttemptRecord } from './attempt-record.ts';
import { attemptEvent, startEvent } from './call-events.ts';
import { isDecisive, judgeError, judgeResponse, LOST, type Verdict } from './classify.ts';
import { makeBody } from './make-body.ts';
import type { CallPlan } from './plan.ts';
import { synchronous } from './synchronous.ts';
import { toldHeaders } from './told-headers.ts';

/** An attempt that is over. */
export interface Attempted<A extends ResponseHead> {
  /** Undefined: the attempt did not reach the transport. */
  readonly exchange: Exchange<A> | undefined;
  readonly response: A | undefined;
  readonly error: unknown;
  readonly verdict: Verdict;
  readonly record: AttemptRecord;
  /** The permits of the attempt. */
  readonly admission: Admission;
  /** The pause that the server asked for, in milliseconds; undefined: none. */
  readonly asked: number | undefined;
  /** Monotonic. */
  readonly ended: number;
}

type Found<A extends ResponseHead> = Pick<Attempted<A>, 'response' | 'error' | 'verdict'>;

/** What an attempt begins with. It belongs to this attempt alone, so two attempts of one call can run side by side. */
export interface Start {
  /** The attempt's number, counted from 1. */
  readonly number: number;
  /** Milliseconds of pause before the attempt. */
  readonly waited: number;
  /** The permits of the attempt, which tell the guards of its end. */
  readonly admission: Admission;
  /** Whether the attempt is a hedge: it is sent beside a late attempt. */
  readonly isHedge?: boolean;
  /** The race with another attempt of the call; undefined: no other attempt runs at the same time. */
  readonly race?: Race;
}

/** Attempts of one call that run side by side. The first answer wins. */
export interface Race {
  joined(runner: Runner): void;
  /** The result of this attempt ends the call, so the others are cancelled. */
  decided(by: Runner): void;
}

export interface Runner {
  /** Cancels the attempt, because another one was answered first. Does nothing if the attempt is over. */
  lose(): void;
}

/** Sends the request once and resolves to the result. Never rejects. */
export function attempt<A extends ResponseHead>(plan: CallPlan<A>, start: Start): Promise<Attempted<A>> {
  const { instrumentations, record, emitter, runtime } = plan;
  const begun = runtime.now();
  const isHeard = emitter.has('attempt-start');
  if (instrumentations.isEmpty && !isHeard) return new Attempt(plan, start, begun).run();
  const event = startEvent(record, start, record.epochOf(begun), start.admission.allowedBy);
  if (isHeard) emitter.emit('attempt-start', event);
  if (instrumentations.isEmpty) return new Attempt(plan, start, begun).run();
  return instrumentations.attempt(
    event,
    () => new Attempt(plan, start, begun).run(),
    (attempted) => attempted.record.report(),
  );
}

class Attempt<A extends ResponseHead> implements Runner {
  readonly #plan: CallPlan<A>;
  readonly #start: Start;
  readonly #begun: number;
  #exchange: Exchange<A> | undefined;
  #isLost = false;
  #isOver = false;

  constructor(plan: CallPlan<A>, start: Start, begun: number) {
    this.#plan = plan;
    this.#start = start;
    this.#begun = begun;
    start.race?.joined(this);
  }

  lose(): void {
    if (this.#isOver) return;
    this.#isLost = true;
    this.#exchange?.cancel();
  }

  /** Not an async function: an attempt that succeeds then needs no frame to resume. */
  run(): Promise<Attempted<A>> {
    const plan = this.#plan;
    try {
      const body = plan.body && makeBody(plan.body, plan);
      const sent =
        body instanceof Promise
          ? body.then((made) => this.#send(made, plan.runtime.now()))
          : this.#send(body, this.#begun);
      return sent.then(
        (response) =>
          this.#done({ response, error: undefined, verdict: this.#judge(response.status, response) }),
        (error) => this.#done(this.#failed(error)),
      );
    } catch (error) {
      return Promise.resolve(this.#done(this.#failed(error)));
    }
  }

  #send(body: FetchBody | undefined, now: number): Promise<A> {
    const { url, init, headers, body: source, caller, limits, policy, runtime, record, adapter } = this.#plan;
    this.#exchange = adapter.transport();
    const order: AttemptRequest = {
      url,
      init,
      headers: toldHeaders(this.#plan, headers, this.#start, now),
      body: source && (body ?? null),
      caller,
      limits,
      buffer: policy.buffer,
      runtime,
      now,
      isRetried: policy.retry.attempts > 1,
      closes: this.#start.number === 2 && record.attempts[0]?.reason === 'status',
      record,
    };
    return this.#exchange.send(order);
  }

  /** @param response undefined: an interceptor made an error of it */
  #judge(status: number, response?: A): Verdict {
    return judgeResponse({ status, headers: this.#headersOf(response) }, this.#plan.policy, this.#plan.keyed);
  }

  #headersOf(response: A | undefined): HeaderReader {
    return { get: (name) => this.#exchange?.header(response, name) ?? null };
  }

  #failed(error: unknown): Found<A> {
    const { caller } = this.#plan;
    const aborted = caller?.aborted === true;
    if (this.#exchange === undefined) {
      // The body could not be made, whatever the reason. The dependency is not at fault.
      const verdict = { ...judgeError(error, { fault: 'body' }, aborted), outcome: 'ignored' as const };
      return { response: undefined, error, verdict };
    }
    const { answer } = this.#exchange;
    const verdict = answer ? this.#judge(answer.status) : judgeError(error, this.#exchange, aborted);
    const reason = verdict.stopped === 'aborted' ? caller?.signal.reason : error;
    return { response: undefined, error: reason, verdict };
  }

  /** Ends the attempt: judges it, and tells guards, record and listeners. */
  #done(found: Found<A>): Attempted<A> | Promise<Attempted<A>> {
    const ended = this.#plan.runtime.now();
    this.#isOver = true;
    const judged = this.#isLost ? this.#lost(found) : this.#consult(found);
    if (isDecisive(judged.verdict)) this.#start.race?.decided(this);
    const { response, error, verdict } = judged;
    const record = this.#record(judged, ended);
    const asked = this.#asked(judged);
    const { admission } = this.#start;
    const attempted = { exchange: this.#exchange, response, error, verdict, record, admission, asked, ended };
    const departure = this.#departure(attempted);
    if (this.#exchange?.sent) this.#plan.traffic.came(this.#plan.url.origin, ended);
    const counted = admission.leave(departure);
    if (counted) return counted.then(() => this.#announce(attempted));
    return this.#announce(attempted);
  }

  /**
   * Whether the attempt timed out mainly because it waited for a free connection of our pool, while other requests were sent. A
   * full pool is no failure of the dependency. If no request was sent, no connection could be made, and that is a failure.
   */
  #waitedForUs({ reason }: Verdict, ended: number): boolean {
    if (reason !== 'timeout' || this.#exchange === undefined) return false;
    const { sent, sentAt = sent ? this.#begun : ended } = this.#exchange;
    const { traffic, url } = this.#plan;
    return sentAt - this.#begun > ended - sentAt && traffic.cameSince(url.origin, this.#begun);
  }

  /** Discards a result that came after another attempt was answered. */
  #lost({ response, error }: Found<A>): Found<A> {
    if (response) this.#exchange?.discard(response);
    return { response: undefined, error, verdict: LOST };
  }

  /** Asks `retry.when` about a failure that the rules can retry. */
  #consult(found: Found<A>): Found<A> {
    const { policy, record } = this.#plan;
    const { verdict, response, error } = found;
    if (verdict.outcome === 'ignored' || verdict.reason === 'success') return found;
    const { when } = policy.retry;
    if (when === undefined) return found;
    try {
      const failure = {
        attempt: this.#start.number,
        method: record.method,
        url: record.location,
        delivery: this.#delivery,
        ...(response ? { status: response.status, headers: response.headers } : { error }),
      };
      const word = synchronous(when(failure), 'retry.when');
      if (word === undefined) return found;
      return { ...found, verdict: { ...verdict, stopped: word ? undefined : 'policy' } };
    } catch (mistake) {
      // The caller's function threw. The caller gets that error, and the call is not retried.
      if (response) this.#exchange?.discard(response);
      return {
        response: undefined,
        error: mistake,
        verdict: { ...verdict, stopped: 'policy', isMistake: true },
      };
    }
  }

  #asked({ verdict, response }: Found<A>): number | undefined {
    if (verdict.reason !== 'status') return undefined;
    return serverWait(this.#headersOf(response), this.#plan.runtime.epoch());
  }

  /** What the guards are told about the attempt. */
  #departure({ verdict, record, asked = 0, response, ended }: Attempted<A>): Departure {
    const { limits, policy } = this.#plan;
    return {
      outcome: this.#waitedForUs(verdict, ended) ? 'ignored' : verdict.outcome,
      reason: verdict.reason,
      told: record,
      duration: record.duration,
      now: ended,
      sent: record.delivery !== 'not-sent',
      asked: asked > 0 && asked <= policy.retry.retryAfter ? asked : undefined,
      limit: limits?.attempt ?? Number.POSITIVE_INFINITY,
      quotas:
        policy.quota && response
          ? quotasOf(this.#headersOf(response), this.#plan.runtime.epoch())
          : undefined,
      endpoint: this.#plan.endpoint,
    };
  }

  #record({ response, error, verdict }: Found<A>, ended: number): AttemptRecord {
    const { record: call } = this.#plan;
    const { number, waited, isHedge = false } = this.#start;
    const record = new AttemptRecord(number, call.epochOf(this.#begun), waited, isHedge);
    record.duration = ended - this.#begun;
    record.status = this.#exchange?.status;
    record.delivery = this.#delivery;
    record.reason = verdict.reason;
    if (response === undefined && verdict !== LOST) record.failed(error);
    return record;
  }

  #announce(attempted: Attempted<A>): Attempted<A> {
    const { record: call, emitter } = this.#plan;
    call.add(attempted.record);
    if (emitter.has('attempt')) {
      emitter.emit('attempt', attemptEvent(call, attempted.record.report()));
    }
    return attempted;
  }

  get #delivery(): Delivery {
    if (this.#exchange?.status !== undefined) return 'answered';
    return this.#exchange?.sent ? 'unknown' : 'not-sent';
  }
}
