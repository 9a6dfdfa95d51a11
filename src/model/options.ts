import type { ExportedBreaker } from './breaker.ts';
import type { Dialect, DialectName, RequiredKey } from './dialect.ts';
import type { RetryFailure } from './failure.ts';
import type { Fallback } from './fallback.ts';

/** The first argument of the runtime's own `fetch`: a string, a `URL` or a `Request`. */
export type FetchInput = Parameters<typeof globalThis.fetch>[0];
/** The second argument of the runtime's own `fetch`. */
export type FetchInit = NonNullable<Parameters<typeof globalThis.fetch>[1]>;
/** Every body that `fetch` can send. */
export type FetchBody = FetchInit['body'];
/** An undici dispatcher (`Agent`, `Pool`, `ProxyAgent`, `MockAgent`, …), made by any copy of undici 7 or 8. */
export interface DispatcherLike {
  dispatch(options: never, handler: never): boolean;
}
/** A function with the signature of `fetch`. */
export type FetchLike = (input: FetchInput, init?: FetchInit) => Promise<Response>;

/** Four timeouts, all in milliseconds. `false` (or `Infinity`) switches a timeout off. */
export interface TimeoutOptions {
  /**
   * The limit for one attempt, until its response headers arrive. The default suits a service whose latency is unknown. Where you
   * know the service, set this per endpoint, a little above its p99.9 (the time within which 999 of 1,000 answers arrive). Not
   * above `total`. Where a more specific policy sets `total` below `attempt`, the attempt ends with the call.
   * @default 10000
   */
  attempt?: number | false;
  /**
   * The longest silence between two chunks of a response body. The time that a slow reader takes does not count.
   * @default 60000
   */
  idle?: number | false;
  /**
   * The limit for the whole response body, from the headers on. By default a body may last as long as its chunks keep coming: a
   * stream of tokens or a download has no natural length.
   * @default Infinity
   */
  body?: number | false;
  /**
   * The limit for the whole logical call, until its response: all attempts, pauses and waits. The body is not included, unless
   * `buffer` makes it part of the attempt. At least 100; for a shorter limit use an `AbortSignal`.
   * @default 30000
   */
  total?: number | false;
}

/** When a failed attempt is retried, and after which pause. */
export interface RetryOptions {
  /**
   * Attempts per call, the first one included: 1 to 100.
   * @default 5
   */
  attempts?: number;
  /**
   * The base of the backoff, in milliseconds. Backoff has full jitter: the pause before the n-th retry is
   * `random() × min(cap, base × factor^(n−1))`. After a "still running" answer (409 with a key) the pause is `random() × cap`.
   * The pause before a call's last attempt is at least 67 % of its longest.
   * @default 100
   * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
   */
  base?: number;
  /**
   * The factor by which the longest backoff grows with each retry: 1 to 10. With the defaults the longest pauses are 100, 300,
   * 900 and 2,700 ms, so that a call outlives the restart of a service.
   * @default 3
   */
  factor?: number;
  /**
   * The longest backoff, in milliseconds.
   * @default 2700
   */
  cap?: number;
  /**
   * Response statuses that are retried. If the call has a key, its dialect's `retryStatuses` are added.
   * @default [408, 425, 429, 500, 502, 503, 504, 529]
   */
  statuses?: readonly number[];
  /**
   * The longest wait that a server may ask for (by `Retry-After` or a similar header), in milliseconds. If a server asks for
   * more, the call ends with that response: steadfetch never retries earlier than the server asked for.
   * @default 20000
   */
  retryAfter?: number;
  /**
   * Your own decision on a failure: `true` retries it, `false` does not, `undefined` leaves the decision to the rules above. The
   * limits still hold: attempts, deadline, budget, breaker, a body that can't be sent again, an unsafe repeat. If the function
   * throws, the call rejects with that error.
   * @example when: ({ status }) => (status === 501 ? false : undefined)
   */
  when?: (failure: RetryFailure) => boolean | undefined;
}

/** The argument of a scope function (`breaker.scope`). */
export interface ScopeRequest {
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The whole URL, with query and credentials. */
  readonly url: URL;
  /** The endpoint rule that matches, as you wrote it; undefined: no rule matches. */
  readonly endpoint: string | undefined;
}

/** The circuit breaker: stops calls to a dependency that fails, so that it can recover and your callers fail fast. */
export interface BreakerOptions {
  /**
   * Which calls share one breaker, one retry budget and one waiting room: all calls to an origin (`'origin'`), all calls of an
   * endpoint rule (`'endpoint'`), or the calls for which your function returns the same string. A rule that sets breaker numbers
   * of its own has a breaker of its own.
   * @default 'origin'
   */
  scope?: 'origin' | 'endpoint' | ((request: ScopeRequest) => string);
  /**
   * The share of failed attempts in the window at which the breaker opens: above 0, up to 1. 5xx answers, timeouts and network
   * errors count as failures. 4xx answers, 429 and your own aborts do not.
   * @default 0.8
   */
  threshold?: number;
  /**
   * Attempts that the window must hold before the breaker judges the share of failures. The same number of failures in a row
   * opens the breaker too, whatever else the window holds, so that it notices an outage at once. A breaker that opens again
   * within half a minute after it closed needs twice as many each time.
   * @default 12
   */
  minimum?: number;
  /**
   * How long an attempt counts, in milliseconds.
   * @default 10000
   */
  window?: number;
  /**
   * How long the breaker stays open before it lets one probe through, in milliseconds. The cooldown grows to a tenth of the time
   * that the trouble has lasted. Jitter shortens each cooldown by up to a quarter, so that many processes do not probe at the
   * same time. Calls wait meanwhile (see `patience`). A probe is always one of your calls.
   * @default 500
   */
  cooldown?: number;
  /**
   * The longest cooldown, in milliseconds. If `cooldown` is above this default, `maxCooldown` is the same as `cooldown` by
   * default.
   * @default 2000
   */
  maxCooldown?: number;
}

/**
 * The retry budget: limits retries over all calls of a scope, so that they do not overload a slow dependency. Answers earn
 * retries, so an outage earns none. A retry that is answered costs nothing.
 */
export interface BudgetOptions {
  /**
   * The number of retries that may stay without an answer for each answered call, on average over time: 0 to 1.
   * @default 0.2
   */
  ratio?: number;
  /**
   * The retries that a scope may make before answers have earned any: 0 to 100. A new scope has them when it first needs a retry.
   * It has them again half a minute later (a minute later, for the retry of a refused attempt) if it had an answer since. Two of
   * these retries are for any call. The others are for a call that stays alone in the scope, so that a client which makes one
   * call a minute can use all its attempts. `reserve` is also the most that a scope with little traffic saves up.
   * @default 4
   */
  reserve?: number;
}

/** The limit on the attempts of a scope that run at the same time, and the queue in front of it. */
export interface LimitOptions {
  /**
   * The number of attempts that may run at the same time: 1 or more. An attempt runs until its response headers are there; with
   * `buffer`, until its body is.
   *
   * `'adaptive'`: the number follows what the service can take. It begins at 20, grows by one for each round trip of answers
   * while the limit holds attempts back, and falls by a tenth for a 429, 503 or 529, and by three tenths for a timeout. 1 to 1,000.
   * @default 'adaptive'
   */
  concurrency?: number | 'adaptive';
  /**
   * The number of calls that may wait in the queue. The first call in the queue goes first; a higher `priority` goes before a
   * lower one. In a full queue, a call of a higher priority takes the place of the last call of the lowest priority. Any other
   * call rejects with a `LimitError`, and nothing is sent. 0: no call waits.
   * @default 1000
   */
  queue?: number;
}

/** The order in the queue of a limit. These are the values of `priority` in the standard's `RequestInit`. */
export type Priority = 'high' | 'auto' | 'low';

/**
 * Hedging: a second request beside an attempt whose answer is late. The call resolves with the first good answer, and the other
 * attempt is cancelled. Hedging cuts the tail of latencies where a few answers are slow by chance, at the price of a few requests.
 *
 * Only for calls without a key, with an idempotent method, and with no body or one of text or bytes. Each hedge is paid from the
 * retry budget, and an empty budget stops hedges. No hedge is sent where all answers are slow: an attempt is late after twice the
 * median at the earliest, and not while the attempts that began after it are all waiting too.
 * @see https://research.google/pubs/the-tail-at-scale/
 */
export interface HedgeOptions {
  /**
   * When an attempt is late: after this quantile of the recent latencies of its endpoint (`'p95'`: 95 of 100 answers are faster),
   * or after this many milliseconds. A quantile needs twenty answers.
   * @default 'p95'
   */
  after?: 'p90' | 'p95' | 'p99' | number;
  /**
   * Hedges for each answered call, on average over time: above 0, up to 1. Up to twenty are saved up.
   * @default 0.05
   */
  ratio?: number;
}

/** The rules for a call. `false` switches a part off. */
export interface Policy {
  /** The timeouts: per attempt, idle, body and total. `false`: steadfetch sets no timeout (your dispatcher's own still apply). */
  timeout?: TimeoutOptions | false;
  /** The retries. `false`: one attempt. */
  retry?: RetryOptions | false;
  /**
   * How a request carries its idempotency key: the name of a dialect, or a dialect of your own. `false` says that the server
   * ignores keys. Then an unsafe request is only repeated if the attempt before certainly was not sent.
   *
   * **A key protects only where the server honours it.** On a server that ignores keys, one slow answer is enough for the work to
   * be done twice. `{ required: true }` repeats a request of unknown delivery only if its key is vouched for: the caller gave the
   * key, or a rule names the dialect.
   * @default 'default'
   */
  idempotency?: DialectName | Dialect | RequiredKey | false;
  /** The circuit breaker. `false`: no breaker. */
  breaker?: BreakerOptions | false;
  /** The retry budget. `false`: no budget. */
  budget?: BudgetOptions | false;
  /**
   * The limit on the attempts of a scope that run at the same time. The wait in its queue counts towards `timeout.total`, never
   * towards `timeout.attempt`, and takes `patience` at most. A rule with a limit has a scope of its own, as with breaker numbers.
   * `false`: no limit.
   * @default false
   * @example limit: { concurrency: 10, queue: 100 }
   */
  limit?: LimitOptions | false;
  /**
   * Hedging: a second request beside a late one. Off unless an object is given; `{}` means all defaults.
   * @default false
   * @example endpoints: { 'GET https://catalog.example/*': { hedge: { after: 'p95' } } }
   */
  hedge?: HedgeOptions | false;
  /**
   * Up to how many bytes of response body are read as a part of the attempt, so that a truncated or stalled body is retried too.
   * A longer body is streamed as usual, and so is a stream of events (`text/event-stream`).
   * @default false
   */
  buffer?: number | false;
  /**
   * How long a call may wait, in milliseconds, while the open breaker, the empty budget or the limit does not let its next attempt
   * out. A waiting call sends nothing, and goes on when the guard lets it. `timeout.total` ends the wait too. 0 or `false`: the
   * call fails at once.
   * @default 30000
   */
  patience?: number | false;
  /**
   * Keeps to the quotas that the server publishes in its responses: `RateLimit` and `RateLimit-Policy`, `X-RateLimit-*`, GitHub's,
   * OpenAI's and Anthropic's headers, of requests and of tokens. A call that would exceed a quota waits, if the wait fits into its
   * `patience` and `timeout.total`; else it is sent. What is known of a server is kept per scope.
   * @default false
   * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
   */
  quota?: boolean;
  /**
   * Gives a response in place of a failure, when no attempt follows: the call would reject, or its last status is 5xx or one that
   * is retried. Not asked for an answer below 500 that is final (404), for your abort, or for a mistake in the request. What it
   * gives is handed over as it is; undefined: the failure stands. May be async. The report says `fallback: true`. If it throws,
   * the call rejects with a `FallbackError`. Not for the interceptor.
   * @default false
   * @example fallback: ({ status }) => (status === 503 ? Response.json([]) : undefined)
   */
  fallback?: Fallback | false;
}

/** The rules of a client: a policy for all calls, policies for endpoints, and what to send with. */
export interface Options extends Policy {
  /** The JSON Schema of this file, for editors. steadfetch does not read it. */
  $schema?: string;
  /**
   * Policies for endpoints, merged over the client's options. A key is a pattern of the URLPattern standard, with the methods in
   * front unless the rule is for all methods: `GET,HEAD https://…`. The first rule that matches applies. A rule that can never
   * match is refused.
   *
   * `:id` matches one path segment, `*` matches anything. Query strings are ignored. A trailing slash counts:
   * `https://x.example/a` does not match `https://x.example/a/`; `https://x.example/a{/}?` matches both. `https://x.example`
   * alone matches every path of that origin. A backslash makes a pattern character literal: `/Orders\\(1\\)`.
   * @example
   * endpoints: {
   *   'POST https://api.pay.example/v1/charges': { idempotency: 'stripe', timeout: { attempt: 5_000 } },
   *   'GET https://*.catalog.example/items/:id': { retry: { attempts: 6 } },
   *   'https://legacy.example/*': { idempotency: false },
   * }
   * @see https://urlpattern.spec.whatwg.org/
   */
  endpoints?: Readonly<Record<string, Policy>>;
  /**
   * The `fetch` that sends the attempts. Default: undici with its global dispatcher; or the replacement, if `globalThis.fetch`
   * was replaced after steadfetch was loaded (by msw or a stub).
   */
  fetch?: FetchLike;
  /** The undici dispatcher that sends the attempts, such as a `ProxyAgent`. Default: undici's global dispatcher. */
  dispatcher?: DispatcherLike;
}

/** Makes a fresh body for each attempt. */
export type BodyFactory = () => FetchBody | Promise<FetchBody>;

/** The second argument of a client: `RequestInit` and what steadfetch adds. */
export interface SteadInit extends Omit<FetchInit, 'body' | 'dispatcher' | 'priority'> {
  /** A body as for `fetch`, or a function that makes a fresh body for each attempt. */
  body?: FetchBody | BodyFactory;
  /**
   * The idempotency key of this logical call. A string is used unchanged. An array of business values becomes a UUID v5 in the
   * scope of method, origin and path, so the key is the same after a restart.
   * @example idempotencyKey: ['charge', order.id]
   */
  idempotencyKey?: string | readonly (string | number)[];
  /** A policy for this call alone, merged over the policy of the matching endpoint. */
  policy?: Policy;
  /**
   * The place of this call in the queue of a `limit`, as in the standard's `RequestInit`: a higher priority goes first.
   * @default 'auto'
   */
  priority?: Priority;
  /** The undici dispatcher that sends this call. */
  dispatcher?: DispatcherLike;
}

/** The argument of `createFetch`: the rules, and options that only a whole client can have. */
export interface ClientOptions extends Options {
  /** The result of `breakers.export()` in another process. An open breaker stays open for the rest of its cooldown. */
  breakers?: readonly ExportedBreaker[];
  /**
   * Keeps retries to one layer of services. A request that is a retry, or whose scope has no retry left, carries `no-retry: ?1`.
   * Calls that are made within `onBehalfOf` such a request have one attempt.
   * @default false
   */
  layers?: boolean;
  /**
   * Tells the service how much time each attempt has left, so that it stops work whose answer comes too late: `grpc-timeout: 2500m`, as
   * gRPC writes it. Calls made within `onBehalfOf` end, at the latest, when the inbound request's time is over. The name of a header:
   * that one, in whole milliseconds. A header of that name that the caller set is left as it is.
   * @default false
   * @example deadline: 'x-envoy-expected-rq-timeout-ms'
   * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
   */
  deadline?: boolean | string;
  /**
   * How events and reports show a URL. By default without credentials and query. Where an endpoint rule matches, the path is the
   * rule's pattern. Elsewhere path segments that look like secrets are masked (`***`). A key that you gave appears in events as
   * its hash (`hashKey`). `false`: the whole path, and keys unchanged. A function: its result.
   * @example redact: ({ origin }) => origin
   */
  redact?:
    | ((url: { readonly origin: string; readonly pathname: string }, endpoint: string | undefined) => string)
    | false;
}
