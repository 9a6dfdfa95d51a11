import type { BreakerSnapshot, ExportedBreaker, ScopeSnapshot } from './breaker.ts';
import type { Events } from './events.ts';
import type { Explanation } from './explanation.ts';
import type { INSTRUMENT, Instrumentation } from './instrumentation.ts';
import type { FetchInput, Options, Policy, SteadInit } from './options.ts';
import type { PolicyChange } from './policy-change.ts';

/**
 * The breakers of a client. A scope is an origin (`https://api.example`; a slash after it does not matter), the key of an
 * endpoint rule, or what your scope function names.
 *
 * @throws {PolicyError} No call can have that scope.
 */
export interface Breakers {
  /**
   * The breaker of a scope, or undefined if nothing was sent there yet.
   *
   * @example api.breakers.get('https://api.pay.example')?.state; // 'closed', 'open', 'half-open' or 'isolated'
   * @example api.breakers.get('GET https://*.catalog.example/items/:id'); // of a rule with a breaker of its own
   */
  get(scope: string): BreakerSnapshot | undefined;
  /**
   * All breakers that there are, closed ones too, the least recently used first.
   * @example api.breakers.all().filter(({ state }) => state !== 'closed');
   */
  all(): BreakerSnapshot[];
  /** Holds a breaker open by hand, until `restore`. */
  isolate(scope: string): void;
  /** Lets an isolated breaker go: it is closed, with fresh statistics. */
  restore(scope: string): void;
  /**
   * The breakers that are not closed, for a client in another process: it will hold them open for what is left of
   * their cooldown.
   * @example
   * await cache.set('breakers', JSON.stringify(api.breakers.export()));
   * // and in the next process
   * const api = createFetch({ breakers: JSON.parse(await cache.get('breakers')) });
   */
  export(): ExportedBreaker[];
}

/** A `fetch` that retries under one key, with timeouts, a breaker and a budget. Make one per process. */
export interface SteadFetch {
  /**
   * Makes one call: as many attempts as the rules allow, all under one key. Takes what `fetch` takes, and `idempotencyKey`,
   * `policy`, `dispatcher` and a function as `body`. Resolves with the last response, whatever its status.
   *
   * @throws The last attempt's own error if no attempt was answered; `TimeoutError`, `BreakerOpenError`; the `reason` of your signal.
   * @throws {PolicyError} or {TypeError} An option or the key is wrong: nothing was sent.
   * @example
   * const response = await api('https://api.pay.example/v1/charges', {
   *   method: 'POST',
   *   headers: { 'content-type': 'application/json' },
   *   body: JSON.stringify(charge),
   *   idempotencyKey: ['charge', charge.id],
   * });
   */
  (input: FetchInput, init?: SteadInit): Promise<Response>;
  /** Calls `listener` on each event of that name. Returns the function that takes it off again. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  /** What is known of each dependency; hold a breaker open by hand. */
  readonly breakers: Breakers;
  /**
   * Every scope in use, at most 1,000: its breaker, its budget, and how many attempts are under way, wait, or were turned
   * away. Changes nothing.
   * @example for (const { scope, budget } of api.scopes()) gauge.set({ scope }, budget ?? 0);
   */
  scopes(): ScopeSnapshot[];
  /** For tracers: see `Instrumentation`. */
  readonly [INSTRUMENT]: (instrumentation: Instrumentation) => () => void;
  /**
   * A client with other rules, merged over these, that shares the same breakers, budgets and listeners. It follows `update`.
   */
  extend(options: Options): SteadFetch;
  /**
   * Puts other rules in the place of this client's own, while it runs: a rule or option that is left out is gone, but for
   * what it sends with. All or nothing: if anything is wrong, the rules that held still hold. Calls under way keep the
   * rules that they began with; breakers and budgets keep what they know, and go on by the new numbers. Clients made by
   * `extend` follow.
   *
   * @returns What changed, which is also what the event `update` says.
   * @throws {PolicyError} An option is wrong: nothing has changed.
   * @example api.update(JSON.parse(await readFile('policy.json', 'utf8')));
   */
  update(options: Options): readonly PolicyChange[];
  /**
   * Forgets what breakers and budgets have learnt, and who was isolated: the next call meets a client as good as new. For tests
   * that share a client.
   * @example afterEach(() => api.reset());
   */
  reset(): void;
  /**
   * What the rules come to for a method and a URL: the rule that matches, every value and who set it, the scope, and
   * what becomes of the key. Sends nothing.
   *
   * @throws {PolicyError} The method or the URL is none, or `policy` is wrong.
   * @example api.explain('POST', 'https://api.pay.example/v1/charges').values['retry.attempts']; // { value: 5, from: 'default' }
   */
  explain(method: string, url: string | URL, policy?: Policy): Explanation;
}
