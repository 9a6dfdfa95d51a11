import type { Runtime } from '../platform/runtime.ts';
import { Admission, enter, type Host } from './admission.ts';
import type { BreakerRule, CircuitBreaker } from './breaker.ts';
import { Budget, type BudgetRule } from './budget.ts';
import type { Departure, Entry, Guard, Refusal } from './guard.ts';
import { Hedging } from './hedging.ts';
import { Limit, type LimitRule } from './limit.ts';
import { Line } from './line.ts';
import { Lull } from './lull.ts';
import { Pace } from './pace.ts';
import { Quota } from './quota.ts';
import { Spare } from './spare.ts';
import { type EndpointTrouble, Trouble } from './trouble.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The rules of the guards; `false`: the call has no such guard. */
export interface GuardRules {
  readonly breaker: BreakerRule | false;
  readonly budget: BudgetRule | false;
  readonly limit: LimitRule | false;
  /** Whether the quotas that the server publishes are kept to. */
  readonly quota?: boolean;
}

/** The guards of a scope by their rules, in the order in which an attempt passes them. */
const GUARDS: { readonly [Name in keyof GuardRules]-?: (scope: Scope, rule: RuleOf<Name>) => Guard } = {
  breaker: (scope, rule) => scope.breakerBy(rule),
  budget: (scope, rule) => scope.budgetBy(rule),
  quota: (scope) => scope.quotaGuard,
  limit: (scope, rule) => scope.limitBy(rule),
};
const NAMES = Object.keys(GUARDS) as (keyof GuardRules)[];

type RuleOf<Name extends keyof GuardRules> = Exclude<GuardRules[Name], false | undefined>;

/** Whether the rules ask for any guard. */
export function hasGuards(rules: GuardRules): boolean {
  return NAMES.some((name) => rules[name]);
}

/** Whether a guard may let attempts wait in line, where a priority counts. */
export function hasLine({ limit, quota }: GuardRules): boolean {
  return limit !== false || quota === true;
}

/**
 * The guards and the waiting room that the calls of one scope share. A guard is made by the rules of the first call that needs
 * it.
 */
export class Scope implements Host {
  readonly name: string;
  breaker: CircuitBreaker | undefined;
  budget: Budget | undefined;
  limit: Limit | undefined;
  quota: Quota | undefined;
  /** Made when the first hedged call asks for it. */
  #hedging: Hedging | undefined;
  /** Attempts that were sent and have not ended. */
  inFlight = 0;
  /** Attempts that a guard refused. */
  rejected = 0;
  readonly #runtime: Runtime;
  readonly #newBreaker: (rule: BreakerRule) => CircuitBreaker;
  readonly #pace: Pace;
  #room: WaitingRoom | undefined;
  #line: Line | undefined;
  /** The rules of the latest call, and its guards: most calls of a scope have the same ones. */
  #rules: GuardRules | undefined;
  #guards: readonly Guard[] = [];
  readonly #trouble = new Trouble();
  readonly #lull = new Lull();
  readonly #spare = new Spare();
  /** Guards whose rule may have been replaced by an update. */
  #outdated: Set<Guard> | undefined;

  constructor(name: string, runtime: Runtime, newBreaker: (rule: BreakerRule) => CircuitBreaker) {
    this.name = name;
    this.#runtime = runtime;
    this.#pace = new Pace(runtime.now());
    this.#newBreaker = newBreaker;
  }

  /** Where calls wait that may not be sent now, made when the first one has to. */
  get room(): WaitingRoom {
    this.#room ??= new WaitingRoom(this.#runtime, this.#pace, () => this.spare);
    return this.#room;
  }

  /** Calls in the waiting room. */
  get waiting(): number {
    return this.#room?.size ?? 0;
  }

  /** The queue in front of the limit, made when the first attempt has to wait. */
  get line(): Line {
    this.#line ??= new Line(this.#runtime);
    return this.#line;
  }

  /** Calls in the queue of the limit. */
  get queued(): number {
    return this.#line?.size ?? 0;
  }

  /** The guards that the rules ask for, in the order in which an attempt passes them. */
  guards(rules: GuardRules): readonly Guard[] {
    if (rules !== this.#rules) {
      this.#rules = rules;
      this.#guards = NAMES.flatMap((name) => {
        const rule = rules[name];
        return rule ? [GUARDS[name](this, rule as never)] : [];
      });
    }
    return this.#guards;
  }

  get hedging(): Hedging {
    this.#hedging ??= new Hedging();
    return this.#hedging;
  }

  /** A logical call comes. @param now monotonic */
  came(now: number): void {
    this.#pace.count(now, this.waiting > 0);
    this.#lull.came(now);
  }

  /** A logical call has settled. @param now monotonic */
  settled(now: number): void {
    this.#lull.settled(now);
  }

  /** Whether an attempt must wait in the queue, although its guards may let it in. */
  isBehindOthers({ number, after, endpoint, now }: Entry): boolean {
    // Attempts that hung at the same time run out of time at the same time: their retries must not go out together.
    if (after === 'timeout' && this.#pace.isAhead(now)) return true;
    // Calls that wait for an open breaker do not hold up an endpoint that the breaker lets through.
    return this.#room?.isQueued(number > 1) === true && !this.breaker?.passes(endpoint);
  }

  /** The trouble of an endpoint. */
  troubleOf(endpoint: string, now: number): EndpointTrouble {
    const breakerSince = this.breaker?.troubledSince ?? Number.POSITIVE_INFINITY;
    return {
      since: Math.min(this.#trouble.since(endpoint), breakerSince),
      isItsOwn: this.breaker?.doOthersAnswer(endpoint, now) === true,
    };
  }

  /** Monotonic: from when on a retry adds nothing to the usual load. */
  get spare(): number {
    const { from } = this.#spare;
    return this.inFlight > 0 ? from : Math.min(from, this.#lull.from);
  }

  /** Whether an attempt to the endpoint would be a probe of the breaker. */
  isProbing(endpoint: string): boolean {
    const { breaker } = this;
    return breaker !== undefined && breaker.state !== 'closed' && !breaker.passes(endpoint);
  }

  /** Enters the guards, or is refused. */
  enter(guards: readonly Guard[], entry: Entry): Admission | Refusal {
    const entered = enter(guards, entry, this);
    if (entered instanceof Admission) {
      this.inFlight += 1;
      const rate = this.#pace.usualRate(entry.now);
      this.#pace.sent(entry.now, this.waiting > 0, rate);
      this.#lull.sent(entry.now);
      this.#spare.sent(entry.now, this.#pace.knownRate(entry.now, rate));
    }
    return entered;
  }

  left(departure?: Departure): void {
    if (departure !== undefined) {
      this.#trouble.ended(departure);
      this.#spare.ended(departure);
    }
    this.inFlight -= 1;
  }

  /** Guards may let in now whom they refused before. */
  changed(): void {
    this.#room?.pump();
    this.#line?.pump();
  }

  breakerBy(rule: BreakerRule): CircuitBreaker {
    if (this.breaker === undefined) {
      this.breaker = this.#newBreaker(rule);
      this.breaker.announce();
    }
    if (this.#outdated?.delete(this.breaker)) this.breaker.adopt(rule);
    return this.breaker;
  }

  budgetBy(rule: BudgetRule): Budget {
    this.budget ??= new Budget(rule, this.#runtime.random);
    if (this.#outdated?.delete(this.budget)) this.budget.adopt(rule);
    return this.budget;
  }

  /** It has no numbers of its own: the server tells them. */
  get quotaGuard(): Quota {
    this.quota ??= new Quota();
    return this.quota;
  }

  limitBy(rule: LimitRule): Limit {
    this.limit ??= new Limit(rule);
    if (this.#outdated?.delete(this.limit)) {
      this.limit.adopt(rule);
      // Those in line go first: the call that brings the new rule came after them.
      this.#line?.pump();
    }
    return this.limit;
  }

  /** The rules were updated. Each guard keeps its state and takes the rule of the next call. */
  adoptRules(): void {
    this.#rules = undefined;
    this.#outdated = new Set([this.breaker, this.budget, this.limit].filter((guard) => guard !== undefined));
  }
}
