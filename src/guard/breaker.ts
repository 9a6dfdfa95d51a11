import type { BreakerRecord, BreakerState, Transition } from '../model/breaker.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { FailureRule } from './failure-window.ts';
import type { FailureWindows } from './failure-windows.ts';

/** Lets one attempt through, and is handed back with what came of it. Stale once the breaker changed its state. */
export type Permit = number;

/** What an attempt says about its dependency. `'ignored'`: nothing (a 4xx, an abort, our own deadline). */
export type Outcome = 'success' | 'failure' | 'ignored';

/** The whole of what the rest of the client knows of a breaker. */
export interface Breaker {
  readonly state: BreakerState;
  /** Epoch milliseconds of the last change. */
  readonly since: number;
  /** Epoch milliseconds from which a probe is let through; undefined unless open. */
  readonly retryAt: number | undefined;
  /** A permit, or undefined: nothing may be sent now. */
  enter(): Permit | undefined;
  /** True if `enter` would give a permit. Changes nothing. */
  admits(): boolean;
  /**
   * Resolves once the outcome has been counted.
   * @param now when it came, monotonic
   */
  leave(permit: Permit, outcome: Outcome, now?: number): Promise<void> | void;
  isolate(): void;
  restore(): void;
  /** What another process would have to know; undefined if it is closed. */
  record(): BreakerRecord | undefined;
}

export interface BreakerRule extends FailureRule {
  readonly cooldown: number;
  readonly maxCooldown: number;
}

/** A cooldown is made up to this much longer, so that a fleet which opened together does not probe together. */
const JITTER = 0.25;

/**
 * closed → open → half-open → closed, by a clock that is only looked at when somebody calls.
 *
 * Every change of state starts a new generation, and a permit belongs to the generation that gave it: what an
 * attempt from before the change has to say is about a world that is gone, and decides nothing.
 */
export class CircuitBreaker implements Breaker {
  state: BreakerState = 'closed';
  since: number;
  readonly #rule: BreakerRule;
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

  admits(): boolean {
    if (this.state === 'closed') return true;
    // A half-open breaker waits for its probe, but not for ever: a probe that does not come back gets company. Its
    // result still counts, or a service slower than the cooldown would be probed for ever.
    return this.state !== 'isolated' && this.#runtime.now() >= this.#until;
  }

  enter(): Permit | undefined {
    if (this.state === 'closed') return this.#generation;
    if (!this.admits()) return undefined;
    this.#until = this.#runtime.now() + this.#cooldown;
    if (this.state === 'open') this.#become('half-open', 'the cooldown is over: one probe');
    return this.#generation;
  }

  leave(permit: Permit, outcome: Outcome, now = this.#runtime.now()): Promise<void> | void {
    if (permit !== this.#generation) return;
    if (this.state === 'half-open') return this.#judgeProbe(outcome);
    if (outcome === 'success') this.#windows.success(this, this.#rule, now);
    if (outcome === 'failure') return this.#fail(now);
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
