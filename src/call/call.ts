import pRetry from 'p-retry';
import { backoff } from '../guard/backoff.ts';
import type { Breaker, Permit } from '../guard/breaker.ts';
import type { Token } from '../guard/budget.ts';
import { serverWait } from '../http/retry-after.ts';
import { BreakerOpenError } from '../model/errors.ts';
import type { Stopped } from '../model/report.ts';
import { pause } from '../platform/pause.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { type Attempted, attempt } from './attempt.ts';
import type { CallPlan } from './plan.ts';

/** A pause only pays off if this much time is left for the attempt after it, in milliseconds. */
const WORTHWHILE = 50;

/**
 * Makes one logical call: attempts, until one is good or the gate says no.
 * The last attempt's own error is rethrown; an answer beats any error of ours.
 */
export function makeCall<A extends ResponseHead>(plan: CallPlan<A>): Promise<A> {
  return new Call(plan).run();
}

/** What p-retry sees of a failed attempt: it has opinions of its own about other errors. */
class Failed extends Error {}

class Call<A extends ResponseHead> {
  readonly #plan: CallPlan<A>;
  readonly #breaker: Breaker | undefined;
  #permit: Permit | undefined;
  /** What paid for the attempt under way, if it is a retry. */
  #token: Token | undefined;
  /** Milliseconds of pause before the attempt to come. */
  #waited = 0;
  #stopped: Stopped | undefined;

  constructor(plan: CallPlan<A>) {
    this.#plan = plan;
    this.#breaker = plan.policy.breaker === false ? undefined : plan.scope?.breaker;
  }

  /** Not an async function, for the reason that `attempt` is none. */
  run(): Promise<A> {
    const { scope, policy, record, runtime } = this.#plan;
    if (policy.budget !== false) scope?.budget?.begin(policy.budget, record.begun);
    if (!this.#enter()) {
      const error = new BreakerOpenError(scope?.name ?? '', this.#breaker?.retryAt);
      return Promise.reject(this.#failed('breaker', error, runtime.now()));
    }
    return attempt(this.#plan, 0, this.#permit).then((first) => {
      this.#earn(first);
      const isEnough = !isWorthMore(first) || policy.retry.attempts === 1;
      return isEnough ? this.#end(first) : this.#goOn(first);
    });
  }

  async #goOn(first: Attempted<A>): Promise<A> {
    if (!(await this.#again(first))) return this.#end(first);
    return this.#end(await this.#retry(first, this.#plan.policy.retry.attempts - 1));
  }

  /** Ends the call: with the response if there is one, else by throwing the error. */
  #end(last: Attempted<A>): A {
    const { caller, runtime } = this.#plan;
    // If the gate said no, there may have been a pause since.
    const now = this.#stopped === undefined ? last.ended : runtime.now();
    const stopped = this.#stopped ?? last.verdict.stopped ?? 'attempts';
    if (stopped === 'aborted') {
      discard(last);
      throw this.#failed(stopped, caller?.signal.reason, now);
    }
    if (last.response === undefined) throw this.#failed(stopped, last.error, now);
    this.#settled(stopped, last.response, now);
    return last.response;
  }

  /** The call ends with an error, and this is it. */
  #failed(stopped: Stopped, error: unknown, now: number): unknown {
    this.#settled(stopped, undefined, now);
    this.#plan.record.remember(error);
    return error;
  }

  #settled(stopped: Stopped, response: A | undefined, now: number): void {
    const { record, emitter, caller } = this.#plan;
    record.settle(stopped, now);
    if (response) caller?.handOver(response);
    else caller?.release();
    if (emitter.has('settled')) emitter.emit('settled', record.report());
  }

  /**
   * Up to so many attempts more, the first of them at once. A failed attempt's response is kept through the pause: if no
   * attempt follows, it is the answer.
   */
  async #retry(failed: Attempted<A>, attempts: number): Promise<Attempted<A>> {
    let last = failed;
    try {
      return await pRetry(
        async () => {
          discard(last);
          last = await attempt(this.#plan, this.#waited, this.#permit);
          this.#earn(last);
          if (isWorthMore(last)) throw new Failed();
          return last;
        },
        {
          retries: attempts - 1,
          // Only asked while attempts are left. It does the waiting too: p-retry's own can neither jitter fully nor
          // keep a deadline.
          shouldRetry: ({ error }) => error instanceof Failed && this.#again(last),
          minTimeout: 0,
          maxTimeout: 0,
        },
      );
    } catch (error) {
      if (error instanceof Failed) return last;
      throw error;
    }
  }

  /** The gate before another attempt, and the pause. If it says no, `#stopped` says why. */
  async #again(failed: Attempted<A>): Promise<boolean> {
    const { record, caller, scope, emitter, runtime } = this.#plan;
    const delay = this.#delay(failed);
    if (typeof delay === 'string') {
      this.#stopped = delay;
      if (delay === 'budget' && emitter.has('budget')) {
        emitter.emit('budget', { ...record.ref, scope: scope?.name ?? '' });
      }
      return false;
    }
    if (emitter.has('retry')) {
      const number = failed.record.number + 1;
      emitter.emit('retry', { ...record.ref, number, delay, reason: failed.record.reason });
    }
    const from = runtime.now();
    await pause(delay, caller?.signal);
    this.#waited = runtime.now() - from;
    if (caller?.aborted) this.#stopped = 'aborted';
    else if (!this.#enter()) this.#stopped = 'breaker';
    return this.#stopped === undefined;
  }

  /** Milliseconds to wait before the next attempt; or why there must be none. */
  #delay({ record: last, response }: Attempted<A>): number | Stopped {
    const { policy, body, repeatable, keyed, limits, scope, runtime, record } = this.#plan;
    const { retry, idempotency, budget } = policy;
    const now = runtime.now();

    if (!repeatable && last.delivery !== 'not-sent') return 'unsafe';
    if (body?.repeatable() === false) return 'body';

    const asked = response && serverWait(response.headers, runtime.epoch());
    if (asked !== undefined && asked > retry.retryAfter) return 'policy';
    // "The first one is still running" is no failure that a quick repeat gets around: such a pause starts at the cap.
    const running = keyed && idempotency !== false && idempotency.retryStatuses.has(last.status ?? 0);
    const base = running ? retry.cap : retry.base;
    const delay = (asked ?? 0) + backoff(last.number, base, retry.cap, runtime.random);
    if (limits && now + delay + WORTHWHILE > limits.deadline) return 'deadline';
    // A key that the server has forgotten protects no more.
    if (keyed && idempotency !== false && now - record.begun + delay >= idempotency.lifetime) return 'unsafe';

    if (this.#breaker?.admits() === false) return 'breaker';
    if (budget !== false && scope?.budget) {
      this.#token = scope.budget.withdraw(budget, now);
      if (this.#token === undefined) return 'budget';
    }
    return delay;
  }

  /** An answer that is not asked for again brings tokens. */
  #earn({ verdict, ended }: Attempted<A>): void {
    const { policy, scope } = this.#plan;
    if (policy.budget === false || verdict.outcome !== 'success' || verdict.reason === 'status') return;
    scope?.budget?.answered(policy.budget, ended, this.#token);
  }

  /** Asks the breaker for a permit. */
  #enter(): boolean {
    this.#permit = this.#breaker?.enter();
    return this.#breaker === undefined || this.#permit !== undefined;
  }
}

/** Lets go of the response, if there is one. */
function discard<A extends ResponseHead>({ exchange, response }: Attempted<A>): void {
  if (response) exchange?.discard(response);
}

function isWorthMore<A extends ResponseHead>({ verdict }: Attempted<A>): boolean {
  return verdict.stopped === undefined;
}
