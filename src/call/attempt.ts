import { type Admission, firstRefusal } from '../guard/admission.ts';
import type { Departure } from '../guard/guard.ts';
import { withHeader } from '../http/headers.ts';
import { serverWait } from '../http/retry-after.ts';
import type { AttemptStart } from '../model/events.ts';
import type { Delivery } from '../model/failure.ts';
import type { FetchBody } from '../model/options.ts';
import type { AttemptRequest, Exchange, ResponseHead } from '../transport/exchange.ts';
import { AttemptRecord } from './attempt-record.ts';
import { judgeError, judgeResponse, type Verdict } from './classify.ts';
import { NO_RETRY } from './layer.ts';
import { makeBody } from './make-body.ts';
import type { CallPlan } from './plan.ts';

/** One attempt, done. */
export interface Attempted<A extends ResponseHead> {
  /** Undefined if it did not even get to the transport. */
  readonly exchange: Exchange<A> | undefined;
  readonly response: A | undefined;
  readonly error: unknown;
  readonly verdict: Verdict;
  readonly record: AttemptRecord;
  /** Whoever let it in. */
  readonly admission: Admission;
  /** Milliseconds that the server asked to be left alone, if it did. */
  readonly asked: number | undefined;
  /** Monotonic. */
  readonly ended: number;
}

type Found<A extends ResponseHead> = Pick<Attempted<A>, 'response' | 'error' | 'verdict'>;

/** What an attempt begins with. It is the attempt's own: another one of the same call may run beside it. */
export interface Start {
  /** Counted from 1. */
  readonly number: number;
  /** Milliseconds of pause before it. */
  readonly waited: number;
  /** The guards are told what comes of it. */
  readonly admission: Admission;
}

/** Sends the request once and says what came of it. Never rejects. */
export function attempt<A extends ResponseHead>(plan: CallPlan<A>, start: Start): Promise<Attempted<A>> {
  const { instrumentations, record, emitter, runtime } = plan;
  const begun = runtime.now();
  const isPlain = instrumentations.isEmpty;
  if (isPlain && !emitter.has('attempt-start')) return new Attempt(plan, start, begun).run();
  const { number, waited, admission } = start;
  const at = record.epochOf(begun);
  const event: AttemptStart = { ...record.ref, number, at, waited, allowedBy: admission.allowedBy };
  emitter.emit('attempt-start', event);
  if (isPlain) return new Attempt(plan, start, begun).run();
  return instrumentations.attempt(
    event,
    () => new Attempt(plan, start, begun).run(),
    (attempted) => attempted.record.report,
  );
}

class Attempt<A extends ResponseHead> {
  readonly #plan: CallPlan<A>;
  readonly #start: Start;
  readonly #begun: number;
  #exchange: Exchange<A> | undefined;

  constructor(plan: CallPlan<A>, start: Start, begun: number) {
    this.#plan = plan;
    this.#start = start;
    this.#begun = begun;
  }

  /** Not an async function: a call that goes well has no use for a frame to come back to. */
  run(): Promise<Attempted<A>> {
    const plan = this.#plan;
    try {
      const body = plan.body && makeBody(plan.body, plan);
      const sent =
        body instanceof Promise
          ? body.then((made) => this.#send(made, plan.runtime.now()))
          : this.#send(body, this.#begun);
      return sent.then(
        (response) => this.#done({ response, error: undefined, verdict: this.#judge(response) }),
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
      headers: this.#isLastHope() ? withHeader(headers, NO_RETRY.header, NO_RETRY.value) : headers,
      body: source && (body ?? null),
      caller,
      limits,
      buffer: policy.buffer,
      runtime,
      now,
      record,
    };
    return this.#exchange.send(order);
  }

  /** Whether the services behind should try only once: this layer, or one above, is retrying, or can't any more. */
  #isLastHope(): boolean {
    const { layer, guards, runtime, endpoint } = this.#plan;
    if (layer === undefined) return false;
    if (layer.tryOnce || this.#start.number > 1) return true;
    const refusal = firstRefusal(guards, {
      number: 2,
      after: undefined,
      span: 0,
      endpoint,
      now: runtime.now(),
    });
    return refusal?.by === 'budget';
  }

  #judge(response: A): Verdict {
    return judgeResponse(response, this.#plan.policy, this.#plan.keyed);
  }

  #failed(error: unknown): Found<A> {
    const { caller } = this.#plan;
    const aborted = caller?.aborted === true;
    if (this.#exchange === undefined) {
      // The body could not be made. Whatever went wrong, it was no fault of the dependency.
      const verdict = { ...judgeError(error, { fault: 'body' }, aborted), outcome: 'ignored' as const };
      return { response: undefined, error, verdict };
    }
    const verdict = judgeError(error, this.#exchange, aborted);
    const reason = verdict.stopped === 'aborted' ? caller?.signal.reason : error;
    return { response: undefined, error: reason, verdict };
  }

  /** Tells everybody who has to know. */
  #done(found: Found<A>): Attempted<A> | Promise<Attempted<A>> {
    const ended = this.#plan.runtime.now();
    const judged = this.#consult(found);
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
   * Whether the attempt ran out of time because it waited for a connection of ours most of it, while others were sent: a
   * full pool is no failure of the dependency. Where nobody is sent no connection may be had at all, which is one.
   */
  #waitedForUs({ reason }: Verdict, ended: number): boolean {
    if (reason !== 'timeout' || this.#exchange === undefined) return false;
    const { sent, sentAt = sent ? this.#begun : ended } = this.#exchange;
    const { traffic, url } = this.#plan;
    return sentAt - this.#begun > ended - sentAt && traffic.cameSince(url.origin, this.#begun);
  }

  /** Asks `retry.when`, if the failure is one that the rules have an opinion on. */
  #consult(found: Found<A>): Found<A> {
    const { policy, record } = this.#plan;
    const { verdict, response, error } = found;
    if (verdict.outcome === 'ignored' || verdict.reason === 'success') return found;
    const { when } = policy.retry;
    if (when === undefined) return found;
    try {
      const word = when({
        attempt: this.#start.number,
        method: record.method,
        url: record.location,
        delivery: this.#delivery,
        ...(response ? { status: response.status, headers: response.headers } : { error }),
      });
      if (word === undefined) return found;
      return { ...found, verdict: { ...verdict, stopped: word ? undefined : 'policy' } };
    } catch (mistake) {
      // A mistake in the caller's own code is the caller's to see, not ours to retry.
      if (response) this.#exchange?.discard(response);
      return { response: undefined, error: mistake, verdict: { ...verdict, stopped: 'policy' } };
    }
  }

  #asked({ verdict, response }: Found<A>): number | undefined {
    if (verdict.reason !== 'status' || response === undefined) return undefined;
    return serverWait(response.headers, this.#plan.runtime.epoch());
  }

  /** What the guards are told. */
  #departure({ verdict, record, asked = 0, ended }: Attempted<A>): Departure {
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
      endpoint: this.#plan.endpoint,
    };
  }

  #record({ response, error, verdict }: Found<A>, ended: number): AttemptRecord {
    const { record: call } = this.#plan;
    const { number, waited } = this.#start;
    const record = new AttemptRecord(number, call.epochOf(this.#begun), waited);
    record.duration = ended - this.#begun;
    record.status = this.#exchange?.status;
    record.delivery = this.#delivery;
    record.reason = verdict.reason;
    if (response === undefined) record.failed(error);
    return record;
  }

  #announce(attempted: Attempted<A>): Attempted<A> {
    const { record: call, emitter } = this.#plan;
    call.add(attempted.record);
    if (emitter.has('attempt')) {
      emitter.emit('attempt', { ...call.ref, attempt: attempted.record.report });
    }
    return attempted;
  }

  get #delivery(): Delivery {
    if (this.#exchange?.status !== undefined) return 'answered';
    return this.#exchange?.sent ? 'unknown' : 'not-sent';
  }
}
