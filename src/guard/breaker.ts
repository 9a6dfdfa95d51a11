import type { BreakerRecord, BreakerState, Transition } from '../model/breaker.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { FailureRule } from './failure-window.ts';
import type { FailureWindows } from './failure-windows.ts';
import type { Departure, Guard, Outcome, Permit, Refusal } from './guard.ts';

export interface BreakerRule extends FailureRule {
  readonly cooldown: number;
  readonly maxCooldown: number;
}

/** Held open by hand: no time ends it. */
const HELD: Refusal = { by: 'breaker', until: Number.POSITIVE_INFINITY };

/** A cooldown is made up to this much longer, so that a fleet which opened together does not probe together. */
const JITTER = 0.25;

/**
 * closed → open → half-open → closed, by a clock that is only looked at when somebody calls.
 *
 * Every change of state starts a new generation, and a permit belongs to the generation that gave it: what an
 * attempt from before the change has to say is about a world that is gone, and decides nothing.
 */
export class CircuitBreaker implements Guard {
  readonly name = 'breaker';
  state: BreakerState = 'closed';
  since: number;
  #rule: BreakerRule;
  readonly #runtime: Runtime;
  readonly #windows: FailureWindows;
  readonly #onChange: (transition: Transition) => void;
  #generation: Permit = 0;
  #cooldown = 0;
  /** Monotonic: when the cooldown ends; while half-open, when the probe is given up. */
  #until = 0;

  /** @param record what another process knew of it */
  constructor(
    rule: BreakerRule,
    runtime: Runtime,
    windows: FailureWindows,
    onChange: (transition: Transition) => void,
    record?: BreakerRecord,
  ) {
    this.#rule = rule;
    this.#runtime = runtime;
    this.#windows = windows;
    this.#onChange = onChange;
    this.since = record?.since ?? runtime.epoch();
    if (record !== undefined) this.#resume(record);
  }

  get retryAt(): number | undefined {
    if (this.state !== 'open') return undefined;
    return this.#runtime.epoch() + Math.max(0, this.#until - this.#runtime.now());
  }

  refusal({ now }: { readonly now: number }): Refusal | undefined {
    if (this.state === 'closed') return undefined;
    if (this.state === 'isolated') return HELD;
    // A half-open breaker waits for its probe, but not for ever: a probe that does not come back gets company. Its
    // result still counts, or a service slower than the cooldown would be probed for ever.
    return now >= this.#until ? undefined : { by: 'breaker', until: this.#until };
  }

  enter({ now }: { readonly now: number }): Permit {
    if (this.state === 'closed') return this.#generation;
    this.#until = now + this.#cooldown;
    if (this.state === 'open') this.#become('half-open', 'the cooldown is over: one probe');
    return this.#generation;
  }

  /** A permit is stale once the breaker changed its state. */
  leave(permit: Permit, { outcome, now }: Pick<Departure, 'outcome' | 'now'>): Promise<void> | void {
    if (permit !== this.#generation) return;
    if (this.state === 'half-open') return this.#judgeProbe(outcome);
    if (outcome === 'success') this.#windows.success(this, this.#rule, now);
    if (outcome === 'failure') return this.#fail(now);
  }

  cancel(permit: Permit): void {
    if (permit === this.#generation && this.state === 'half-open') this.#judgeProbe('ignored');
  }

  /** A stale one was given while the breaker was closed, or as another probe. */
  allowed(permit: Permit): string {
    return permit === this.#generation && this.state === 'half-open' ? 'probe' : 'closed';
  }

  describe(now: number): string {
    const wait =
      this.state === 'open' ? `, the next probe in ${Math.max(0, Math.round(this.#until - now))} ms` : '';
    return `breaker ${this.state}${wait}`;
  }

  /** Goes on by another rule, in the state that it is in. Statistics start fresh if they were made for other numbers. */
  adopt(rule: BreakerRule): void {
    const { threshold, minimum, window } = this.#rule;
    this.#rule = rule;
    if (threshold !== rule.threshold || minimum !== rule.minimum || window !== rule.window) {
      this.#windows.forget(this);
    }
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
    // The probe of a half-open breaker is this process's own; another one may send its probe now.
    const retryAt = this.retryAt ?? this.#runtime.epoch();
    return { state: 'open', since, retryAt, cooldown: this.#cooldown };
  }

  /** Open for what is left of the cooldown. A clock that went wrong meanwhile can't make it longer than any. */
  #resume({ state, retryAt = 0, cooldown = this.#rule.cooldown }: BreakerRecord): void {
    const longest = this.#rule.maxCooldown * (1 + JITTER);
    this.state = state;
    this.#cooldown = Math.min(cooldown, this.#rule.maxCooldown);
    this.#until = this.#runtime.now() + Math.min(retryAt - this.#runtime.epoch(), longest);
  }

  #judgeProbe(outcome: Outcome): void {
    if (outcome === 'success') this.#become('closed', 'the probe succeeded');
    else if (outcome === 'failure') this.#open('the probe failed', this.#cooldown * 2);
    // A cancelled probe says nothing, so the next call is the probe.
    else this.#until = this.#runtime.now();
  }

  async #fail(now: number): Promise<void> {
    const generation = this.#generation;
    const opens = await this.#windows.failure(this, this.#rule, now);
    if (opens && generation === this.#generation) this.#open('too many attempts failed', this.#rule.cooldown);
  }

  #open(reason: string, cooldown: number): void {
    this.#cooldown = Math.min(cooldown, this.#rule.maxCooldown);
    this.#until = this.#runtime.now() + this.#cooldown * (1 + JITTER * this.#runtime.random());
    this.#become('open', reason);
  }

  #become(to: BreakerState, reason: string): void {
    const from = this.state;
    this.state = to;
    this.since = this.#runtime.epoch();
    this.#generation++;
    this.#windows.forget(this);
    this.#onChange({ from, to, at: this.since, reason });
  }
}
