import pRetry from 'p-retry';
import { Admission, enter, firstRefusal } from '../guard/admission.ts';
import type { Refusal } from '../guard/guard.ts';
import { BreakerOpenError } from '../model/errors.ts';
import type { GuardName } from '../model/events.ts';
import type { Stopped } from '../model/report.ts';
import { pause } from '../platform/pause.ts';
import type { Exchange, ResponseHead } from '../transport/exchange.ts';
import { type Attempted, attempt, type Start } from './attempt.ts';
import { decide } from './decide.ts';
import type { CallPlan } from './plan.ts';
import { failedAttempt, retryRules } from './rules.ts';

/**
 * Makes one logical call: attempts, until one is good or nothing may follow.
 * The last attempt's own error is rethrown; an answer beats any error of ours.
 */
export function makeCall<A extends ResponseHead>(plan: CallPlan<A>): Promise<A> {
  const { instrumentations, record } = plan;
  if (instrumentations.isCallPlain) return new Call(plan).run();
  return instrumentations.call(
    record.ref,
    () => new Call(plan).run(),
    () => record.event,
  );
}

/** What p-retry sees of a failed attempt: it has opinions of its own about other errors. */
class Failed extends Error {}

class Call<A extends ResponseHead> {
  readonly #plan: CallPlan<A>;

  constructor(plan: CallPlan<A>) {
    this.#plan = plan;
  }

  /** Not an async function: a call that goes well has no use for a frame to come back to. */
  run(): Promise<A> {
    const { guards, runtime, policy } = this.#plan;
    const admission = enter(guards, { number: 1, after: undefined, now: runtime.now() });
    if (!(admission instanceof Admission)) return Promise.reject(this.#refused(admission));
    return attempt(this.#plan, { number: 1, waited: 0, admission }).then((first) => {
      const isEnough = !isWorthMore(first) || policy.retry.attempts === 1;
      return isEnough ? this.#end(first) : this.#retry(first);
    });
  }

  /**
   * Retries, as long as there is a next start. A failed attempt's response is kept through the pause: if no attempt
   * follows, it is the answer.
   */
  async #retry(first: Attempted<A>): Promise<A> {
    let last = first;
    let next = await this.#next(last);
    if (typeof next === 'string') return this.#end(last, next);
    try {
      await pRetry(
        async () => {
          if (typeof next === 'string') throw new Failed();
          discard(last);
          last = await attempt(this.#plan, next);
          if (isWorthMore(last)) throw new Failed();
        },
        {
          retries: this.#plan.policy.retry.attempts - 2,
          // Only asked while attempts are left. It does the waiting too: p-retry's own can neither jitter fully nor
          // keep a deadline.
          shouldRetry: async ({ error }) => {
            if (!(error instanceof Failed)) return false;
            next = await this.#next(last);
            return typeof next !== 'string';
          },
          minTimeout: 0,
          maxTimeout: 0,
        },
      );
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
    }
    return this.#end(last, typeof next === 'string' ? next : undefined);
  }

  /** Decides, waits and reserves: the start of another attempt, or why there is none. */
  async #next(failed: Attempted<A>): Promise<Start | Stopped> {
    const { record, caller, emitter, runtime, guards, limits } = this.#plan;
    const from = runtime.now();
    const moment = {
      now: from,
      deadline: limits?.deadline ?? Number.POSITIVE_INFINITY,
      random: runtime.random,
    };
    const decision = decide(failedAttempt(this.#plan, failed), retryRules(this.#plan), moment);
    if ('stop' in decision) return decision.stop;

    const number = failed.record.number + 1;
    const after = failed.verdict.reason;
    const refusal = firstRefusal(guards, { number, after, now: from });
    if (refusal !== undefined) return this.#turnedAway(refusal, number);
    if (emitter.has('retry')) {
      emitter.emit('retry', { ...record.ref, number, delay: decision.wait, reason: after });
    }
    await pause(decision.wait, caller?.signal);
    if (caller?.aborted) return 'aborted';

    runtime.fired?.(from + decision.wait);
    const now = runtime.now();
    const admission = enter(guards, { number, after, now });
    if (!(admission instanceof Admission)) return this.#turnedAway(admission, number);
    return { number, waited: now - from, admission };
  }

  #turnedAway({ by }: Refusal, number: number): GuardName {
    const { emitter, record } = this.#plan;
    if (by === 'budget' && emitter.has('budget')) emitter.emit('budget', record.ref);
    if (emitter.has('rejected')) emitter.emit('rejected', { ...record.ref, by, number });
    return by;
  }

  /** Ends the call: with the response if there is one, else by throwing the error. */
  #end(last: Attempted<A>, why?: Stopped): A {
    const { caller, runtime } = this.#plan;
    // If something else ends it than the attempt itself, there may have been a pause since.
    const now = why === undefined ? last.ended : runtime.now();
    const stopped = why ?? last.verdict.stopped ?? 'attempts';
    if (stopped === 'aborted') {
      discard(last);
      throw this.#failed(stopped, caller?.signal.reason, now);
    }
    if (last.response === undefined) throw this.#failed(stopped, last.error, now);
    this.#settled(stopped, now, last.response, last.exchange);
    return last.response;
  }

  /** Nothing was ever sent. */
  #refused(refusal: Refusal): unknown {
    const { scope, runtime } = this.#plan;
    const { until } = refusal;
    const now = runtime.now();
    const by = this.#turnedAway(refusal, 1);
    const retryAt = Number.isFinite(until) ? runtime.epoch() + Math.max(0, until - now) : undefined;
    return this.#failed(by, new BreakerOpenError(scope?.name ?? '', retryAt), now);
  }

  /** The call ends with an error, and this is it. */
  #failed(stopped: Stopped, error: unknown, now: number): unknown {
    this.#settled(stopped, now);
    this.#plan.record.remember(error);
    return error;
  }

  #settled(stopped: Stopped, now: number, response?: A, exchange?: Exchange<A>): void {
    const { record, emitter, caller } = this.#plan;
    record.settle(stopped, now);
    if (response) caller?.handOver(response);
    else caller?.release();
    if (emitter.has('settled')) emitter.emit('settled', record.event);
    if (response) exchange?.handedOver();
  }
}

/** Lets go of the response, if there is one. */
function discard<A extends ResponseHead>({ exchange, response }: Attempted<A>): void {
  if (response) exchange?.discard(response);
}

function isWorthMore<A extends ResponseHead>({ verdict }: Attempted<A>): boolean {
  return verdict.stopped === undefined;
}
