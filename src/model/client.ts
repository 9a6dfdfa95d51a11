import type { BreakerSnapshot, ExportedBreaker, ScopeSnapshot } from './breaker.ts';
import type { Events } from './events.ts';
import type { Explanation } from './explanation.ts';
import type { INSTRUMENT, Instrumentation } from './instrumentation.ts';
import type { FetchInput, Options, Policy, SteadInit } from './options.ts';
import type { PolicyChange } from './policy-change.ts';

/**
 * The breakers of a client. In each method `scope` is one of these strings:
 *
 * - an origin: `https://api.example` (a trailing slash is ignored);
 * - the key of an endpoint rule that has a breaker of its own, as you wrote it: `GET https://api.example/items/:id`;
 * - a string that your scope function returns.
 *
 * @throws {PolicyError} No call can have that scope.
 * @example
 * api.breakers.isolate('https://api.pay.example');
 * api.breakers.get('https://api.pay.example')?.state; // 'isolated'
 */
export interface Breakers {
  /**
   * The breaker of a scope; undefined if the scope has no breaker yet, because nothing was sent there.
   *
   * @example api.breakers.get('https://api.pay.example')?.state; // 'closed', 'open', 'half-open' or 'isolated'
   * @example api.breakers.get('GET https://*.catalog.example/items/:id'); // of a rule with a breaker of its own
   */
  get(scope: string): BreakerSnapshot | undefined;
  /**
   * All breakers of the client, also closed ones, the least recently used first.
   * @example api.breakers.all().filter(({ state }) => state !== 'closed');
   */
  all(): BreakerSnapshot[];
  /**
   * Holds the breaker of a scope open by hand, until `restore`. Meanwhile new calls of the scope fail with `BreakerOpenError`.
   * @example api.breakers.isolate('https://api.pay.example');
   */
  isolate(scope: string): void;
  /**
   * Ends an isolation: the breaker is closed, with fresh statistics. Does nothing if the breaker is not isolated.
   * @example api.breakers.restore('https://api.pay.example');
   */
  restore(scope: string): void;
  /**
   * The breakers that are not closed, as JSON for the `breakers` option of a client in another process. There they stay open for
   * the rest of their cooldown.
   * @example
   * await cache.set('breakers', JSON.stringify(api.breakers.export()));
   * // and in the next process
   * const api = createFetch({ breakers: JSON.parse(await cache.get('breakers')) });
   */
  export(): ExportedBreaker[];
}

/** A `fetch` that retries under one key, with timeouts, a breaker and a budget. Make one client per process. */
export interface SteadFetch {
  /**
   * Makes one call: as many attempts as the rules allow, all with the same key. Takes what `fetch` takes, and also
   * `idempotencyKey`, `policy`, `dispatcher` and a function as `body`. Resolves with the last response, whatever its status.
   *
   * @throws The error of the last attempt, if no attempt was answered; `TimeoutError`; `BreakerOpenError`; the `reason` of your
   * signal.
   * @throws {PolicyError} An option or the key is wrong. Nothing was sent.
   * @throws {TypeError} An argument is wrong, in `fetch`'s own words. Nothing was sent.
   * @example
   * const response = await api('https://api.pay.example/v1/charges', {
   *   method: 'POST',
   *   headers: { 'content-type': 'application/json' },
   *   body: JSON.stringify(charge),
   *   idempotencyKey: ['charge', charge.id],
   * });
   */
  (input: FetchInput, init?: SteadInit): Promise<Response>;
  /**
   * Calls `listener` for each event of that name. Returns a function that removes the listener.
   * @example const off = api.on('retry', ({ url, number, delay }) => log.warn({ url, number, delay }));
   */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void;
  /** The breakers of this client: read their state, or hold one open by hand. */
  readonly breakers: Breakers;
  /**
   * Every scope in use, at most 1,000: its breaker, its budget, limit and quotas, and the number of attempts that run, wait or were refused.
   * Changes nothing.
   * @example for (const { scope, budget } of api.scopes()) gauge.set({ scope }, budget ?? 0);
   */
  scopes(): ScopeSnapshot[];
  /** Adds an `Instrumentation`, for tracers. */
  readonly [INSTRUMENT]: (instrumentation: Instrumentation) => () => void;
  /**
   * Makes a client with other rules, merged over the rules of this one. Both share breakers, budgets and listeners. The new
   * client follows each `update` of this one.
   * @throws {PolicyError} An option is wrong.
   * @example const reports = api.extend({ timeout: { total: 300_000, attempt: 120_000 } });
   */
  extend(options: Options): SteadFetch;
  /**
   * Replaces the client's own rules while it runs. A rule or option that is left out is gone, except `fetch` and `dispatcher`. If
   * any option is wrong, the old rules still hold. Calls under way keep the rules that they began with. Breakers and budgets keep
   * their state and continue with the new numbers. Clients made by `extend` follow.
   *
   * @returns The changes; the event `update` has the same list.
   * @throws {PolicyError} An option is wrong. Nothing has changed.
   * @example api.update(JSON.parse(await readFile('policy.json', 'utf8')));
   */
  update(options: Options): readonly PolicyChange[];
  /**
   * Forgets the state of all breakers and budgets, isolation included: the next call meets a client as good as new. For tests
   * that share a client.
   * @example afterEach(() => api.reset());
   */
  reset(): void;
  /**
   * Says which rules apply to a method and a URL: the matching rule, every value and its source, the scope, and what happens to
   * the key. Sends nothing.
   *
   * @throws {PolicyError} The method or the URL is not valid, or `policy` is wrong.
   * @example api.explain('POST', 'https://api.pay.example/v1/charges').values['retry.attempts']; // { value: 5, from: 'default' }
   */
  explain(method: string, url: string | URL, policy?: Policy): Explanation;
}
