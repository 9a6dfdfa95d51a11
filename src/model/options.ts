import type { ExportedBreaker } from './breaker.ts';
import type { Dialect, DialectName, RequiredKey } from './dialect.ts';
import type { RetryFailure } from './failure.ts';

/** What the runtime's own `fetch` takes first: a string, a `URL` or a `Request`. */
export type FetchInput = Parameters<typeof globalThis.fetch>[0];
/** What the runtime's own `fetch` takes second. */
export type FetchInit = NonNullable<Parameters<typeof globalThis.fetch>[1]>;
/** Every body that `fetch` can send. */
export type FetchBody = FetchInit['body'];
/** An undici dispatcher (`Agent`, `Pool`, `ProxyAgent`, `MockAgent`, …), of whichever copy of undici. */
export interface DispatcherLike {
  dispatch(options: never, handler: never): boolean;
}
/** A function of the same shape as `fetch`. */
export type FetchLike = (input: FetchInput, init?: FetchInit) => Promise<Response>;

/** Four timeouts, all in milliseconds. `false` (or `Infinity`) switches one off. */
export interface TimeoutOptions {
  /**
   * One attempt, until its response headers are there. The default is for services that nobody has measured: where you know
   * one, set it per endpoint, a little above the slowest answer of a thousand (p99.9). Not above `total`; where a policy
   * further in cuts `total` below it, the attempt ends with the call.
   * @default 10000
   */
  attempt?: number | false;
  /**
   * The longest silence between two chunks of a response body. Waiting for a slow *reader* does not count.
   * @default 60000
   */
  idle?: number | false;
  /**
   * The whole response body, from the headers on. By default a body lives for as long as it moves: a stream of tokens or a
   * download has no natural length.
   * @default Infinity
   */
  body?: number | false;
  /**
   * The whole logical call until its response: every attempt, every pause and every wait. Not the body, unless `buffer` makes
   * it part of the attempt. 100 at least: for less time than that use an `AbortSignal`.
   * @default 30000
   */
  total?: number | false;
}

/** When a failed attempt is followed by another one, and after which pause. */
export interface RetryOptions {
  /**
   * Attempts in all, the first one included: 1 to 100.
   * @default 5
   */
  attempts?: number;
  /**
   * Backoff is full jitter: `random() × min(cap, base × factor^(n−1))` milliseconds before the n-th retry. After a
   * "still running" (409 with a key) it is `random() × cap`.
   * @default 100
   * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
   */
  base?: number;
  /**
   * How much longer each backoff may be than the one before it: 1 to 10. With the defaults the longest pauses are 100, 300, 900
   * and 2,700 ms, so that a call outlives a service that is restarted.
   * @default 3
   */
  factor?: number;
  /**
   * The longest backoff, in milliseconds.
   * @default 2700
   */
  cap?: number;
  /**
   * Response statuses that are worth another attempt. With a key, the dialect's own are added.
   * @default [408, 425, 429, 500, 502, 503, 504, 529]
   */
  statuses?: readonly number[];
  /**
   * The longest wait a server may ask for (`Retry-After` and its kin), in milliseconds. A longer one ends the
   * call with the response in hand: steadfetch never comes back earlier than it was asked to.
   * @default 20000
   */
  retryAfter?: number;
  /**
   * Your own word on a failure: `true` retry it, `false` don't, `undefined` leave it to the rules above.
   * Limits (attempts, deadline, budget, breaker, a body that can't be sent again, an unsafe repeat) still hold.
   * If it throws, the call rejects with what it threw.
   * @example when: ({ status }) => (status === 501 ? false : undefined)
   */
  when?: (failure: RetryFailure) => boolean | undefined;
}

/** What a breaker's or budget's scope function is given. */
export interface ScopeRequest {
  /** In upper case. */
  readonly method: string;
  /** The whole URL, query and credentials included. */
  readonly url: URL;
  /** The endpoint rule that matched, as you wrote it. */
  readonly endpoint: string | undefined;
}

/** Cuts a failing dependency off, so that it can recover and you fail fast. */
export interface BreakerOptions {
  /**
   * Which calls share one breaker (and one retry budget): all calls to an origin, all calls of an endpoint rule,
   * or whatever your function names. A rule that sets breaker numbers of its own has a breaker of its own.
   * @default 'origin'
   */
  scope?: 'origin' | 'endpoint' | ((request: ScopeRequest) => string);
  /**
   * The share of failed attempts in the window at which the breaker opens: above 0, up to 1.
   * 5xx, timeouts and network errors count; 4xx, 429 and your own aborts do not.
   * @default 0.8
   */
  threshold?: number;
  /**
   * Attempts the window must hold before the share means anything. As many failures in a row open the breaker too, whatever
   * else the window holds: so an outage shows at once. A breaker that opens again soon after it closed needs twice as many.
   * @default 12
   */
  minimum?: number;
  /**
   * How far back attempts are counted, in milliseconds.
   * @default 10000
   */
  window?: number;
  /**
   * How long the breaker stays open before one probe is let through, in milliseconds. It grows to a tenth of the age of the
   * trouble; and it is made up to a quarter shorter by chance, so that a fleet does not probe in step. Meanwhile calls wait
   * (`patience`), and a probe is always one of them.
   * @default 500
   */
  cooldown?: number;
  /**
   * Where that growth ends, in milliseconds. If `cooldown` is longer than the default, this is as long as `cooldown`.
   * @default 2000
   */
  maxCooldown?: number;
}

/**
 * Keeps everybody's retries together from turning a slow dependency into a dead one. Answers earn retries, so an
 * outage earns none; and a retry that is answered costs nothing.
 */
export interface BudgetOptions {
  /**
   * How many retries may come to nothing for each call that was answered, in the long run: 0 to 1.
   * @default 0.2
   */
  ratio?: number;
  /**
   * Retries that a new or idle scope may make before any answer has earned them: the first time that it needs any, and again half
   * a minute later (a minute for refused attempts) if it had an answer since. Two of them are for any call, the others for one that is alone, so a client that makes one
   * call, or one a minute, can use all its attempts. Also the most that a scope with little traffic saves up: 0 to 100.
   * @default 4
   */
  reserve?: number;
}

/** The rules for a call. Each part may be `false` to switch it off. */
export interface Policy {
  /** Timeouts: per attempt, idle, body, total. `false`: none of ours (your dispatcher's own still apply). */
  timeout?: TimeoutOptions | false;
  /** Retries. `false`: one attempt. */
  retry?: RetryOptions | false;
  /**
   * How the server is told that attempts belong together: the name of a dialect, or one of your own.
   * `false` says that the server ignores keys: then an unsafe call is only repeated when it certainly was not sent.
   *
   * **A key protects only where the server honours it.** On a server that ignores keys a slow answer is enough to do the work
   * twice. `{ required: true }` repeats a call whose delivery is unknown only if somebody vouches for its key: the caller gave
   * one, or a rule names the dialect.
   * @default 'default'
   */
  idempotency?: DialectName | Dialect | RequiredKey | false;
  /** Circuit breaker. `false`: none. */
  breaker?: BreakerOptions | false;
  /** Retry budget. `false`: none. */
  budget?: BudgetOptions | false;
  /**
   * Up to how many bytes of response body are read as part of the attempt, so that a truncated or stalled body is
   * retried too. A longer body streams on as usual.
   * @default false
   */
  buffer?: number | false;
  /**
   * How long a call may wait for room, in milliseconds, when its next attempt may not be sent now: the breaker is open, or the
   * budget is empty. Nothing is sent for it meanwhile; it goes out when answers come again. However long it is, `timeout.total`
   * ends the wait. 0 or `false`: it fails at once.
   * @default 30000
   */
  patience?: number | false;
}

/** What `createFetch` takes. */
export interface Options extends Policy {
  /** Where the JSON Schema is, for editors. Nobody reads it here. */
  $schema?: string;
  /**
   * Policies for some endpoints, merged over the client's options. The key is a URL pattern (the URLPattern standard), after the
   * methods that it is for, if not for all: `GET,HEAD https://…`. The first rule that matches applies, and one that never
   * could is refused.
   *
   * `:id` is one segment, `*` is anything. Query strings are not looked at. A trailing slash counts: `https://x.example/a`
   * is not `https://x.example/a/`, `https://x.example/a{/}?` is both, and `https://x.example` alone is every path there.
   * What has a meaning in a pattern is written with a backslash where it is meant itself: `/Orders\\(1\\)`.
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
   * The `fetch` to send with. By default undici's, on its global dispatcher; if `globalThis.fetch` was replaced
   * after steadfetch was loaded (msw, a stub), then the replacement.
   */
  fetch?: FetchLike;
  /** The undici dispatcher to send with, e.g. a `ProxyAgent`. By default undici's global one. */
  dispatcher?: DispatcherLike;
}

/** Makes a fresh body for each attempt. */
export type BodyFactory = () => FetchBody | Promise<FetchBody>;

/** `RequestInit`, and what steadfetch adds to it. */
export interface SteadInit extends Omit<FetchInit, 'body' | 'dispatcher'> {
  /** As for `fetch`; or a function that makes a fresh body for each attempt. */
  body?: FetchBody | BodyFactory;
  /**
   * The idempotency key of this logical call. A string is used as it is; an array of business values becomes a
   * UUID v5 in the scope of method, origin and path, so it is the same after a restart.
   * @example idempotencyKey: ['charge', order.id]
   */
  idempotencyKey?: string | readonly (string | number)[];
  /** A policy for this call alone, merged over the matching endpoint's. */
  policy?: Policy;
  /** The undici dispatcher to send this call with. */
  dispatcher?: DispatcherLike;
}

/** What `createFetch` takes: the rules, and what a client is born with. */
export interface ClientOptions extends Options {
  /**
   * What `breakers.export()` gave in another process. An open breaker stays open for what is left of its cooldown.
   */
  breakers?: readonly ExportedBreaker[];
  /**
   * Keeps retries to one layer. Requests that are retries, or whose scope has no retry left, carry `no-retry: ?1`;
   * and calls made within `onBehalfOf` such a request are tried once.
   * @default false
   */
  layers?: boolean;
  /**
   * How events and reports show a URL. By default without credentials and query; where an endpoint rule matched, with the
   * path of its pattern; elsewhere with what looks like a secret in its path masked (`***`). And a key that you gave
   * appears in events as its hash (`hashKey`). `false`: the whole path, and keys as they are. A function: what it returns.
   * @example redact: ({ origin }) => origin
   */
  redact?:
    | ((url: { readonly origin: string; readonly pathname: string }, endpoint: string | undefined) => string)
    | false;
}
