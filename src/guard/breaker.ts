import type { BreakerRecord, BreakerState, OpenCause, Transition } from '../model/breaker.ts';
import type { Runtime } from '../platform/runtime.ts';
import { EndpointHealth } from './endpoint-health.ts';
import { FailureCount } from './failure-count.ts';
import { FailureLog } from './failure-log.ts';
import type { Counts, FailureRule } from './failure-window.ts';
import type { FailureWindows } from './failure-windows.ts';
import type { BrokenBody, Departure, Entry, Guard, Outcome, Permit, Refusal } from './guard.ts';
import { ServerWord } from './server-word.ts';

export interface BreakerRule extends FailureRule {
  readonly cooldown: number;
  readonly maxCooldown: number;
}

/** The refusal while the breaker is isolated: no time ends it. */
const ISOLATED: Refusal = {
  by: 'breaker',
  until: Number.POSITIVE_INFINITY,
  isFixed: true,
  why: 'isolated by hand',
};

/** The counts of a probe that failed. */
const ONE: Counts = { attempts: 1, failures: 1 };

/** The permit of an attempt that the open breaker let through, because its endpoint answers. */
const PASSED: Permit = -1;

/** Jitter shortens a cooldown by up to this share, so that many processes which opened together do not probe together. */
const JITTER = 0.25;
/** The cooldown is this share of the time that the trouble has lasted: old trouble tends to last longer. */
const AGE_SHARE = 0.1;

/**
 * closed → open → half-open → closed. No timer drives the changes: the breaker looks at the clock when a call asks.
 *
 * Every change of state starts a new generation, and a permit belongs to the generation that gave it. The outcome of an attempt
 * from an earlier generation says nothing about the present state, so it decides nothing.
 */
export class CircuitBreaker implements Guard {
  readonly name = 'breaker';
  state: BreakerState = 'closed';
  since: number;
  #rule: BreakerRule;
  readonly #runtime: Runtime;
  readonly #onChange: (transition: Transition) => void;
  #generation: Permit = 0;
  /** Attempts of this generation that have not ended. */
  #underWay = 0;
  #cooldown = 0;
  /** Monotonic: when the cooldown ends; while half-open, when the breaker stops waiting for the probe. */
  #until = 0;
  /** Monotonic: when the present trouble began. */
  #openedAt = 0;
  #closedAt = Number.NEGATIVE_INFINITY;
  /** Why the breaker last opened, in words. */
  #why = 'inherited';
  /** Whether any response was complete since a probe closed the breaker. */
  #isProven = false;
  /** Whether the breaker is open because the server asked for a pause. */
  #isPause = false;
  readonly #count: FailureCount;
  readonly #word = new ServerWord();
  readonly #log = new FailureLog();
  readonly #endpoints = new EndpointHealth();

  /** @param record the state of this breaker in another process */
  constructor(
    rule: BreakerRule,
    runtime: Runtime,
    windows: FailureWindows,
    onChange: (transition: Transition) => void,
    record?: BreakerRecord,
  ) {
    this.#rule = rule;
    this.#runtime = runtime;
    this.#count = new FailureCount(windows);
    this.#onChange = onChange;
    this.since = record?.since ?? runtime.epoch();
    if (record !== undefined) this.#resume(record);
  }

  /** Emits the change to an inherited state, when the scope is first used. */
  announce(): void {
    const { state: to } = this;
    if (to !== 'closed')
      this.#onChange({ from: 'closed', to, at: this.#runtime.epoch(), reason: 'inherited' });
  }

  get retryAt(): number | undefined {
    if (this.state !== 'open') return undefined;
    return this.#runtime.epoch() + Math.max(0, this.#until - this.#runtime.now());
  }

  /** The attempts and failures in the window now. */
  get counts(): Counts {
    return this.#count.counts(this.#runtime.now());
  }

  /** Monotonic: when the breaker opened, if it has not closed since; `Infinity`: it is closed. */
  get troubledSince(): number {
    return this.state === 'closed' ? Number.POSITIVE_INFINITY : this.#openedAt;
  }

  refusal({ now, endpoint }: Pick<Entry, 'now' | 'endpoint'>): Refusal | undefined {
    if (this.state === 'closed') return undefined;
    if (this.state === 'isolated') return ISOLATED;
    // A half-open breaker waits for its probe, but not for ever: after a cooldown without a result it lets another probe through.
    // The result of the first still counts, because otherwise a service slower than the cooldown would be probed for ever.
    if (now >= this.#until || this.passes(endpoint)) return undefined;
    return { by: 'breaker', until: this.#until, isFixed: this.state === 'open', why: this.#why };
  }

  /** Whether the open breaker lets calls to this endpoint through. A pause that the server asked for holds for all endpoints. */
  passes(endpoint: string): boolean {
    if (this.state === 'closed' || this.state === 'isolated' || this.#isPause) return false;
    return this.#endpoints.isWorthCalling(endpoint);
  }

  /** Whether other endpoints of the scope have answered lately. */
  doOthersAnswer(endpoint: string, now: number): boolean {
    return this.#endpoints.doOthersAnswer(endpoint, now);
  }

  enter({ now, endpoint }: Pick<Entry, 'now' | 'endpoint'>): Permit {
    if (this.state === 'closed') {
      this.#underWay += 1;
      return this.#generation;
    }
    // An endpoint that had no part in the trouble can't tell whether the trouble is over.
    if (now < this.#until || (this.passes(endpoint) && !this.#isInvolved(endpoint))) {
      this.#endpoints.called(endpoint);
      return PASSED;
    }
    if (this.state === 'open') this.#endWait(now);
    this.#until = now + this.#cooldown;
    this.#underWay += 1;
    return this.#generation;
  }

  /** A permit is stale once the breaker has changed its state. */
  leave(
    permit: Permit,
    departure: Pick<Departure, 'outcome' | 'reason' | 'told' | 'now' | 'asked' | 'endpoint'>,
  ): Promise<void> | void {
    const { outcome, reason, told, now, asked, endpoint } = departure;
    const isGood = outcome === 'success' && reason !== 'status';
    if (isGood) this.#endpoints.answered(endpoint, now);
    else if (outcome === 'failure' || asked !== undefined) this.#endpoints.failed(endpoint, now);
    if (permit !== this.#generation) return;
    this.#underWay -= 1;
    const isHeld =
      asked !== undefined && !this.doOthersAnswer(endpoint, now) && this.#word.asked(now, this.#underWay);
    if (outcome === 'failure' || isHeld) this.#log.add(told, now);
    if (isHeld) return this.#hold(asked, now);
    if (isGood) this.#word.good(now);
    if (this.state === 'half-open') return this.#judgeProbe(outcome, now);
    if (outcome === 'success' && this.#count.success(this.#rule, now)) this.#isProven = true;
    // Silence and slowness look the same, so attempts under way do not speak against a timeout.
    if (outcome === 'failure') return this.#fail(now, reason === 'timeout' ? 0 : this.#underWay);
  }

  broke(permit: Permit, { now, reason, duration, endpoint }: BrokenBody): Promise<void> | void {
    this.#endpoints.failed(endpoint, now);
    if (this.state !== 'closed') return;
    // Bodies of an earlier generation count only if they belong to the probe that closed the breaker.
    const isProbe = permit === this.#generation - 1 && !this.#isProven;
    if (isProbe || permit === this.#generation) this.#log.add({ reason }, now);
    if (permit === this.#generation) {
      if (duration < this.#rule.window) this.#count.takeBack();
      return this.#fail(now, this.#underWay);
    }
    if (isProbe) this.#open('the answer to the probe broke off', now, ONE);
  }

  cancel(permit: Permit): void {
    if (permit !== this.#generation) return;
    this.#underWay -= 1;
    if (this.state === 'half-open') this.#until = this.#runtime.now();
  }

  /** A stale permit was given while the breaker was closed, or to another probe. */
  allowed(permit: Permit): string {
    if (permit === PASSED) return 'answering';
    return permit === this.#generation && this.state === 'half-open' ? 'probe' : 'closed';
  }

  describe(now: number): string {
    const wait =
      this.state === 'open' ? `, the next probe in ${Math.max(0, Math.round(this.#until - now))} ms` : '';
    return `breaker ${this.state}${wait}`;
  }

  /** Replaces the rule and keeps the state. Resets the statistics if the window's numbers changed. */
  adopt(rule: BreakerRule): void {
    const { threshold, minimum, window } = this.#rule;
    this.#rule = rule;
    if (threshold !== rule.threshold || minimum !== rule.minimum || window !== rule.window) {
      this.#count.restart();
    }
  }

  /** Its scope was dropped, so its statistics are of no more use, and take memory. */
  dropped(): void {
    this.#count.restart();
  }

  isolate(): void {
    if (this.state !== 'isolated') this.#become('isolated', 'isolated by hand');
  }

  restore(): void {
    if (this.state === 'isolated') this.#become('closed', 'restored by hand');
  }

  record(): BreakerRecord | undefined {
    const { state, since } = this;
    if (state === 'closed') return undefined;
    if (state === 'isolated') return { state, since };
    // The probe of a half-open breaker belongs to this process. Another process may send its own probe now.
    const retryAt = this.retryAt ?? this.#runtime.epoch();
    return { state: 'open', since, retryAt, cooldown: this.#cooldown };
  }

  /** Stays open for the rest of the cooldown. A wrong clock can't make the rest longer than the longest cooldown. */
  #resume({ state, retryAt = 0, cooldown = this.#rule.cooldown }: BreakerRecord): void {
    const longest = this.#rule.maxCooldown;
    this.state = state;
    this.#endpoints.inherited();
    // A long cooldown means old trouble: its age is computed back from the cooldown.
    this.#openedAt = this.#runtime.now() - (cooldown > this.#rule.cooldown ? cooldown / AGE_SHARE : 0);
    this.#cooldown = Math.min(cooldown, this.#rule.maxCooldown);
    this.#until = this.#runtime.now() + Math.min(retryAt - this.#runtime.epoch(), longest);
  }

  #isInvolved(endpoint: string): boolean {
    return this.#endpoints.hasFailed(endpoint, this.#openedAt - this.#rule.window);
  }

  #endWait(now: number): void {
    if (this.#isPause) {
      this.#become('closed', 'the pause that the server asked for is over');
      this.#word.resumed(now);
    } else this.#become('half-open', 'the cooldown is over: one probe');
  }

  #hold(asked: number, now: number): void {
    this.#isPause = true;
    this.#openedAt = now;
    this.#cooldown = this.#cooldownAt(now);
    this.#until = now + asked;
    this.#become('open', `the server asked for ${asked} ms`, this.#cause(now, this.counts));
  }

  #judgeProbe(outcome: Outcome, now: number): void {
    if (outcome === 'success') this.#close(now);
    else if (outcome === 'failure') this.#open('the probe failed', now, ONE);
    // A cancelled probe says nothing, so the next call is the probe.
    else this.#until = now;
  }

  #close(now: number): void {
    this.#closedAt = now;
    this.#isProven = false;
    this.#endpoints.recovered();
    this.#become('closed', 'the probe succeeded');
  }

  /** @param undecided attempts that may be answered yet: quick failures come before slow answers */
  #fail(now: number, undecided: number): Promise<void> | void {
    const opens = this.#count.failure(this.#rule, now, undecided);
    if (opens === true) this.#tooMany(now);
    if (typeof opens === 'boolean') return;
    const generation = this.#generation;
    return opens.then((late) => {
      if (late && generation === this.#generation) this.#tooMany(now);
    });
  }

  #tooMany(now: number): void {
    this.#count.opened(now - this.#closedAt);
    this.#openedAt = now;
    this.#open('too many attempts failed', now, this.counts);
  }

  #open(reason: string, now: number, counts: Counts): void {
    this.#isPause = false;
    this.#cooldown = this.#cooldownAt(now);
    this.#until = now + this.#cooldown * (1 - JITTER * this.#runtime.random());
    this.#become('open', reason, this.#cause(now, counts));
  }

  #cause(now: number, counts: Counts): OpenCause {
    return { ...counts, ...this.#log.cause(now - this.#rule.window) };
  }

  #cooldownAt(now: number): number {
    const { cooldown, maxCooldown } = this.#rule;
    return Math.min(Math.max(cooldown, AGE_SHARE * (now - this.#openedAt)), maxCooldown);
  }

  #become(to: BreakerState, reason: string, cause?: OpenCause): void {
    const from = this.state;
    this.state = to;
    if (to === 'open') this.#why = reason;
    this.since = this.#runtime.epoch();
    this.#generation++;
    this.#underWay = 0;
    this.#word.forget();
    this.#count.restart();
    this.#log.clear();
    this.#onChange({ from, to, at: this.since, reason, ...(cause && { cause }) });
  }
}
