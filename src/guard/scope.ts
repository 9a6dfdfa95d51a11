import type { Runtime } from '../platform/runtime.ts';
import { Admission, enter, type Host } from './admission.ts';
import type { BreakerRule, CircuitBreaker } from './breaker.ts';
import { Budget, type BudgetRule } from './budget.ts';
import type { Entry, Guard, Refusal } from './guard.ts';
import { WaitingRoom } from './waiting-room.ts';

/** The rules of the guards; `false`: the call goes without. */
export interface GuardRules {
  readonly breaker: BreakerRule | false;
  readonly budget: BudgetRule | false;
}

/** What calls that share a scope share: its guards, each made when first used, by the rules of the call that needs it. */
export class Scope implements Host {
  readonly name: string;
  readonly room: WaitingRoom;
  breaker: CircuitBreaker | undefined;
  budget: Budget | undefined;
  /** Attempts under way. */
  inFlight = 0;
  /** Attempts that a guard turned away. */
  rejected = 0;
  readonly #random: () => number;
  readonly #newBreaker: (rule: BreakerRule) => CircuitBreaker;
  /** Guards that go by a rule which may have been replaced. */
  readonly #outdated = new Set<Guard>();

  constructor(name: string, runtime: Runtime, newBreaker: (rule: BreakerRule) => CircuitBreaker) {
    this.name = name;
    this.room = new WaitingRoom(runtime);
    this.#random = runtime.random;
    this.#newBreaker = newBreaker;
  }

  /** The guards that the rules ask for, in the order in which an attempt passes them. */
  guards({ breaker, budget }: GuardRules): readonly Guard[] {
    const guards: Guard[] = [];
    if (breaker !== false) guards.push(this.breakerBy(breaker));
    if (budget !== false) guards.push(this.budgetBy(budget));
    return guards;
  }

  /** Whether an attempt has to wait for its turn, though its guards may let it in. */
  isBehindOthers({ number, after, endpoint, now }: Entry): boolean {
    // Attempts that hung together time out together.
    if (after === 'timeout' && this.room.isCrowded(now)) return true;
    // Who waits for an open breaker does not hold up an endpoint that the breaker lets through.
    return this.room.isQueued(number > 1) && !this.breaker?.passes(endpoint);
  }

  /** Passes the guards, or is refused. Whoever waits in the room hears of how it ends. */
  enter(guards: readonly Guard[], entry: Entry): Admission | Refusal {
    const entered = enter(guards, entry, this);
    if (entered instanceof Admission) {
      this.inFlight += 1;
      this.room.passed(entry.now);
    }
    return entered;
  }

  left(): void {
    this.inFlight -= 1;
  }

  changed(): void {
    this.room.pump();
  }

  breakerBy(rule: BreakerRule): CircuitBreaker {
    if (this.breaker === undefined) {
      this.breaker = this.#newBreaker(rule);
      this.breaker.announce();
    }
    if (this.#outdated.delete(this.breaker)) this.breaker.adopt(rule);
    return this.breaker;
  }

  budgetBy(rule: BudgetRule): Budget {
    this.budget ??= new Budget(rule, this.#random);
    if (this.#outdated.delete(this.budget)) this.budget.adopt(rule);
    return this.budget;
  }

  /** The rules were updated: guards go on with what they know, by the rule that the next call brings. */
  adoptRules(): void {
    if (this.breaker !== undefined) this.#outdated.add(this.breaker);
    if (this.budget !== undefined) this.#outdated.add(this.budget);
  }
}
