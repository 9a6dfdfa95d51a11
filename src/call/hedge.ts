import { Admission } from '../guard/admission.ts';
import type { ResponseHead } from '../transport/exchange.ts';
import { type Attempted, attempt, type Race, type Runner, type Start } from './attempt.ts';
import type { HedgePlan } from './hedge-plan.ts';
import type { CallPlan } from './plan.ts';

/**
 * Sends an attempt and, if its answer is late and the budget pays for one more request, a hedge: a second attempt beside it. The
 * first of the two that ends the call wins, and the other is cancelled. If one fails, the call waits for the other. A retry
 * follows only after both have failed. Never rejects.
 */
export function attemptHedged<A extends ResponseHead>(
  plan: CallPlan<A>,
  hedge: HedgePlan,
  start: Start,
): Promise<Attempted<A>> {
  return new HedgedAttempt(plan, hedge, start).run();
}

class HedgedAttempt<A extends ResponseHead> implements Race {
  readonly #plan: CallPlan<A>;
  readonly #hedge: HedgePlan;
  readonly #start: Start;
  readonly #begun: number;
  readonly #runners: Runner[] = [];
  #timer: NodeJS.Timeout | undefined;
  #second: Promise<Attempted<A>> | undefined;

  constructor(plan: CallPlan<A>, hedge: HedgePlan, start: Start) {
    this.#plan = plan;
    this.#hedge = hedge;
    this.#start = start;
    this.#begun = plan.runtime.now();
  }

  joined(runner: Runner): void {
    this.#runners.push(runner);
  }

  decided(by: Runner): void {
    for (const runner of this.#runners) if (runner !== by) runner.lose();
  }

  async run(): Promise<Attempted<A>> {
    const { hedging } = this.#hedge;
    hedging.began(this.#plan.endpoint, this.#begun);
    const sent = attempt(this.#plan, { ...this.#start, race: this });
    this.#arm(this.#lateness(), this.#begun);
    const first = await sent;
    clearTimeout(this.#timer);
    const second = await this.#second;
    this.#learn(first);
    if (second === undefined) return first;
    this.#learn(second);
    if (second.record.delivery === 'not-sent') hedging.takeBack();
    const [better, other] = isBetter(second, first) ? [second, first] : [first, second];
    if (other.response) other.exchange?.discard(other.response);
    return better;
  }

  #lateness(): number {
    return this.#hedge.hedging.lateness(this.#plan.endpoint, this.#hedge.rule);
  }

  /** Sets the timer for the next look at the attempt. */
  #arm(ms: number, now: number): void {
    if (ms === Number.POSITIVE_INFINITY) return;
    // Whole milliseconds, so that the calls of one endpoint share one of Node's timer lists.
    const whole = Math.ceil(ms);
    this.#timer = setTimeout(() => this.#look(now + whole), whole);
  }

  /** Sends the hedge if the attempt is late: by the latencies known now, and in comparison with other attempts. */
  #look(due: number): void {
    const { runtime, endpoint } = this.#plan;
    runtime.fired?.(due);
    const now = runtime.now();
    const lateness = this.#lateness();
    const left = this.#begun + lateness - now;
    if (left > 0) this.#arm(left, now);
    else if (this.#hedge.hedging.isOutlier(endpoint, this.#begun, lateness)) this.#send(now);
    else this.#arm((now - this.#begun) / 4, now);
  }

  /** Sends the hedge now or not at all. If it waited for a token, it would take the token from an attempt that is late then. */
  #send(now: number): void {
    const admission = this.#enter(now);
    if (admission === undefined) return;
    const { number } = this.#start;
    const waited = now - this.#begun;
    this.#hedge.hedging.sent();
    this.#second = attempt(this.#plan, { number, waited, admission, isHedge: true, race: this });
  }

  /** Enters the guards. A hedge does not wait for room, and does not go before waiting calls. */
  #enter(now: number): Admission | undefined {
    const { scope, guards, endpoint } = this.#plan;
    if (scope === undefined || scope.waiting > 0 || scope.queued > 0) return undefined;
    if (!this.#hedge.hedging.isAffordable) return undefined;
    const { number } = this.#start;
    // Whatever the time left, a hedge that exceeds a quota is not sent: the attempt beside it is under way.
    const latest = Number.POSITIVE_INFINITY;
    const entry = { number, isHedge: true, after: undefined, span: 0, endpoint, now, latest };
    const entered = scope.enter(guards, entry);
    return entered instanceof Admission ? entered : undefined;
  }

  #learn({ record, verdict, ended }: Attempted<A>): void {
    const { hedging, rule } = this.#hedge;
    const { endpoint } = this.#plan;
    const { duration, isHedge } = record;
    if (verdict.outcome === 'success' && verdict.reason !== 'status') {
      hedging.answered(endpoint, ended - duration, duration);
      hedging.earn(rule);
    } else if (verdict.reason === 'timeout' || (verdict.reason === 'lost' && !isHedge)) {
      hedging.unanswered(endpoint, duration);
    }
  }
}

/** Whether `one` is the better result: an answer is better than none; of two failures, the one with the longer pause asked for. */
function isBetter<A extends ResponseHead>(one: Attempted<A>, other: Attempted<A>): boolean {
  if (one.verdict.reason === 'lost' || other.verdict.reason === 'lost')
    return other.verdict.reason === 'lost';
  if ((one.response === undefined) !== (other.response === undefined)) return one.response !== undefined;
  if (one.asked !== other.asked) return (one.asked ?? 0) > (other.asked ?? 0);
  return one.ended > other.ended;
}
