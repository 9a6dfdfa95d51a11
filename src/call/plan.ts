import type { BodySource } from '../body/body-source.ts';
import { makeBodySource } from '../body/make-source.ts';
import { endpointOf } from '../guard/endpoint-health.ts';
import type { Guard } from '../guard/guard.ts';
import { hasLine, type Scope } from '../guard/scope.ts';
import { scopeName } from '../guard/scope-name.ts';
import type { Scopes } from '../guard/scopes.ts';
import type { CallUrl } from '../http/call-url.ts';
import { findHeader, withHeader, withoutUnset } from '../http/headers.ts';
import type { ShowUrl } from '../http/redact.ts';
import type { FetchInit, Policy, Priority, SteadInit } from '../model/options.ts';
import type { ResolvedPolicy } from '../model/policy.ts';
import type { Runtime } from '../platform/runtime.ts';
import type { Policies } from '../policy/policies.ts';
import type { Limits } from '../transport/clock.ts';
import type { AbortSource, Exchange, ResponseHead } from '../transport/exchange.ts';
import type { Emitter } from './emitter.ts';
import { type HedgePlan, planHedge } from './hedge-plan.ts';
import type { Instrumentations } from './instrumentations.ts';
import { isIdempotentMethod, keyFor, protects } from './key.ts';
import { isToldToTryOnce, timeLeft } from './layer.ts';
import { rankOf } from './priority.ts';
import { CallRecord } from './record.ts';
import type { CallRequest } from './request.ts';
import type { Traffic } from './traffic.ts';

/** What all calls of a client have in common. */
export interface CallContext {
  readonly scopes: Scopes;
  readonly emitter: Emitter;
  readonly instrumentations: Instrumentations;
  readonly runtime: Runtime;
  readonly traffic: Traffic;
  /** Whether retries are kept to one layer. */
  readonly layers: boolean;
  /** The header in which attempts tell how much time they have left; undefined: they don't. */
  readonly deadlineHeader: string | undefined;
  /** How events and reports show URLs; `false`: with their path, and keys unchanged. */
  readonly redact: ShowUrl | false;
}

/** The caller's side of a call: may abort the call, and receives its response. */
export interface CallLifetime<A extends ResponseHead> extends AbortSource {
  /** The response was returned. */
  handOver(answer: A): void;
  /** The call threw. */
  release(): void;
}

/** What differs between `fetch` and the interceptor. */
export interface CallAdapter<A extends ResponseHead> {
  /** Makes the exchange of each attempt. */
  transport(): Exchange<A>;
  /** Hands over the response of a fallback, where that is possible. */
  fallback?(response: Response): A;
  /** Called once all arguments are valid, so that the call will be made. */
  readonly lifetime: (() => CallLifetime<A>) | undefined;
  /** Gets the error that the call is about to end with. */
  failed?(error: unknown): void;
}

/** The options of one call, besides the request itself. */
export interface CallOptions {
  /** The idempotency key of this logical call, or the business values that it is made of. */
  readonly idempotencyKey?: SteadInit['idempotencyKey'];
  /** A policy for this call alone, merged over the policy of the matching endpoint. */
  readonly policy?: Policy | undefined;
  /** The place of the call in the queue of a limit. */
  readonly priority?: Priority | undefined;
}

/** All that one logical call needs. */
export interface CallPlan<A extends ResponseHead = Response> {
  readonly record: CallRecord;
  readonly policy: ResolvedPolicy;
  readonly url: CallUrl;
  /** What every attempt sends, besides headers and body. */
  readonly init: FetchInit;
  readonly headers: FetchInit['headers'];
  readonly body: BodySource | undefined;
  readonly caller: CallLifetime<A> | undefined;
  /** Whether the server recognises a repeat by the key. */
  readonly keyed: boolean;
  /** Whether a repeat is safe: the method is idempotent, or the key protects the work. */
  readonly repeatable: boolean;
  /** Undefined: `timeout` is `false`. */
  readonly limits: Limits | undefined;
  /** The header in which attempts tell how much time they have left; undefined: they don't. */
  readonly deadlineHeader: string | undefined;
  /** What the call shares with other calls; undefined: nothing. */
  readonly scope: Scope | undefined;
  /** The endpoint of the scope that the call is for. */
  readonly endpoint: string;
  /** The higher one goes first in the queue of a limit. */
  readonly priority: number;
  /** The guards that each attempt must pass. */
  readonly guards: readonly Guard[];
  /** How the call is hedged; undefined: it is not. */
  readonly hedge: HedgePlan | undefined;
  /** Whether the service is told about retries by `no-retry`; undefined: it is not. */
  readonly layer: { readonly tryOnce: boolean } | undefined;
  readonly adapter: CallAdapter<A>;
  readonly emitter: Emitter;
  readonly instrumentations: Instrumentations;
  readonly runtime: Runtime;
  readonly traffic: Traffic;
}

/**
 * Checks the arguments of a call and collects all that it needs.
 * @throws {PolicyError} `init.policy` is wrong.
 * @throws {TypeError} The idempotency key is wrong, or the priority of a call that has a limit or a quota.
 */
export function planCall<A extends ResponseHead>(
  request: CallRequest,
  options: CallOptions,
  policies: Policies,
  { scopes, emitter, instrumentations, runtime, traffic, layers, deadlineHeader, redact }: CallContext,
  adapter: CallAdapter<A>,
): CallPlan<A> {
  const { method, url } = request;
  const found = policies.find(method, url, options.policy);
  const layer = layers ? { tryOnce: isToldToTryOnce() } : undefined;
  const isTriedOnce = layer?.tryOnce || request.isAttempt;
  const policy = isTriedOnce ? { ...found, retry: { ...found.retry, attempts: 1 } } : found;
  const dialect = policy.idempotency;
  const given = dialect === false ? request.init.headers : withoutUnset(request.init.headers, dialect.header);
  const header = dialect === false ? undefined : findHeader(given, dialect.header);
  const key = keyFor({ method, url, given: options.idempotencyKey, header, dialect });
  const keyed = key !== undefined && protects(dialect, method);
  const isIdempotent = isIdempotentMethod(method);
  const isGiven = options.idempotencyKey !== undefined || header !== undefined;
  const vouched = isIdempotent || isGiven || policy.vouched;
  const name = scopeName(policy, method, url);
  const scope = name === undefined ? undefined : scopes.use(name);
  const record = new CallRecord(
    {
      method,
      url,
      endpoint: policy.endpoint,
      scope: scope?.name,
      idempotencyKey: key?.key,
      vouched,
      isKeyPrivate: redact !== false && (typeof options.idempotencyKey === 'string' || header !== undefined),
      show: redact || withPath,
    },
    emitter,
    runtime,
  );
  const headers =
    dialect !== false && key?.headerValue !== undefined
      ? withHeader(given, dialect.header, key.headerValue)
      : given;
  return {
    record,
    policy,
    url,
    init: request.init,
    headers,
    body: request.body === undefined ? undefined : makeBodySource(request.body, policy.retry.attempts === 1),
    caller: adapter.lifetime?.(),
    keyed,
    repeatable: isIdempotent || (keyed && (vouched || dialect === false || !dialect.required)),
    limits: limitsFrom(policy, record.begun, deadlineHeader === undefined ? undefined : timeLeft()),
    deadlineHeader,
    scope,
    endpoint: scope === undefined ? '' : endpointOf(policy.endpoint, url),
    priority: options.priority === undefined || !hasLine(policy) ? 0 : rankOf(options.priority),
    guards: scope?.guards(policy) ?? NONE,
    hedge: isTriedOnce || key !== undefined ? undefined : planHedge(policy.hedge, request, scope),
    layer,
    adapter,
    emitter,
    instrumentations,
    runtime,
    traffic,
  };
}

/** The URL without credentials, query and fragment. */
const withPath: ShowUrl = ({ origin, pathname }) => origin + pathname;

/** @param left milliseconds that the inbound request has, on whose behalf the call is made */
function limitsFrom(
  { timeout }: ResolvedPolicy,
  begun: number,
  left = Number.POSITIVE_INFINITY,
): Limits | undefined {
  if (timeout === false && left === Number.POSITIVE_INFINITY) return undefined;
  const { attempt, idle, body, total: own } = timeout || UNLIMITED;
  const total = Math.max(0, Math.min(own, Math.round(left)));
  return { attempt, idle, body, total, deadline: begun + total };
}

const UNLIMITED = {
  attempt: Number.POSITIVE_INFINITY,
  idle: Number.POSITIVE_INFINITY,
  body: Number.POSITIVE_INFINITY,
  total: Number.POSITIVE_INFINITY,
} as const;

const NONE: readonly Guard[] = [];
