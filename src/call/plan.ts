import type { Emitter } from '../emitter.ts';
import { scopeName } from '../guard/scope-name.ts';
import type { Scope, Scopes } from '../guard/scopes.ts';
import type { FetchInit, Policy, SteadInit } from '../policy/options.ts';
import type { Policies } from '../policy/policies.ts';
import type { ResolvedPolicy } from '../policy/policy.ts';
import { type BodySource, bodySource } from '../request/body.ts';
import type { CallUrl } from '../request/call-url.ts';
import { findHeader, withHeader } from '../request/headers.ts';
import { isIdempotentMethod, keyFor, protects } from '../request/key.ts';
import type { CallRequest } from '../request/request.ts';
import type { Runtime } from '../runtime.ts';
import type { Limits } from '../transport/clock.ts';
import type { Answer, Caller, Exchange } from '../transport/exchange.ts';
import { isToldToTryOnce } from './layer.ts';
import { CallRecord } from './record.ts';

/** What all calls of a client have in common. */
export interface CallContext {
  readonly scopes: Scopes;
  readonly emitter: Emitter;
  readonly runtime: Runtime;
  /** Whether retries are kept to one layer. */
  readonly layers: boolean;
}

/** Whoever made the call, and gets its answer. */
export interface Customer<A extends Answer> extends Caller {
  /** The answer was handed over. */
  handOver(answer: A): void;
  /** The call threw. */
  release(): void;
}

/** What differs between the ways into the client. */
export interface Door<A extends Answer> {
  /** Gives each attempt its exchange. */
  transport(): Exchange<A>;
  /** Called once it is certain that there will be a call. */
  customer?(): Customer<A> | undefined;
}

/** What a caller may say about one call, besides the request itself. */
export interface CallOptions {
  /** The idempotency key of this logical call, or business values that it is made of. */
  readonly idempotencyKey?: SteadInit['idempotencyKey'];
  /** A policy for this call alone, laid over the matching endpoint's. */
  readonly policy?: Policy | undefined;
}

/** Everything that one logical call is made of. */
export interface CallPlan<A extends Answer = Response> {
  readonly record: CallRecord;
  readonly policy: ResolvedPolicy;
  readonly url: CallUrl;
  /** What every attempt sends, besides headers and body. */
  readonly init: FetchInit;
  readonly headers: FetchInit['headers'];
  readonly body: BodySource | undefined;
  readonly caller: Customer<A> | undefined;
  /** Whether a key makes a repeat recognisable. */
  readonly keyed: boolean;
  /** Whether the work may be done again: by the nature of its method, or because the key protects it. */
  readonly repeatable: boolean;
  /** Undefined: none of our clocks run. */
  readonly limits: Limits | undefined;
  readonly scope: Scope | undefined;
  /** What the service behind is told about retries; undefined: nothing. */
  readonly layer: { readonly tryOnce: boolean } | undefined;
  readonly door: Door<A>;
  readonly emitter: Emitter;
  readonly runtime: Runtime;
}

/**
 * @throws {PolicyError} `init.policy` is wrong.
 * @throws {TypeError} The idempotency key is wrong.
 */
export function planCall<A extends Answer>(
  request: CallRequest,
  options: CallOptions,
  policies: Policies,
  { scopes, emitter, runtime, layers }: CallContext,
  door: Door<A>,
): CallPlan<A> {
  const { method, url } = request;
  const found = policies.find(method, url, options.policy);
  const layer = layers ? { tryOnce: isToldToTryOnce() } : undefined;
  const policy = layer?.tryOnce ? { ...found, retry: { ...found.retry, attempts: 1 } } : found;
  const dialect = policy.idempotency;
  const header = dialect === false ? undefined : findHeader(request.init.headers, dialect.header);
  const key = keyFor({ method, url, given: options.idempotencyKey, header, dialect });
  const keyed = key !== undefined && protects(dialect, method);
  const record = new CallRecord(method, url, policy.endpoint, key?.key, runtime);
  const headers =
    dialect !== false && key?.headerValue !== undefined
      ? withHeader(request.init.headers, dialect.header, key.headerValue)
      : request.init.headers;
  return {
    record,
    policy,
    url,
    init: request.init,
    headers,
    body: request.body === undefined ? undefined : bodySource(request.body, policy.retry.attempts === 1),
    caller: door.customer?.(),
    keyed,
    repeatable: keyed || isIdempotentMethod(method),
    limits: limitsFrom(policy, record.begun),
    scope: scopeFor(policy, method, url, scopes),
    layer,
    door,
    emitter,
    runtime,
  };
}

function limitsFrom({ timeout }: ResolvedPolicy, begun: number): Limits | undefined {
  if (timeout === false) return undefined;
  const { attempt, idle, total } = timeout;
  return { attempt, idle, total, deadline: begun + total };
}

function scopeFor(policy: ResolvedPolicy, method: string, url: CallUrl, scopes: Scopes): Scope | undefined {
  const { breaker, budget } = policy;
  if (breaker === false && budget === false) return undefined;
  return scopes.use(scopeName(policy, method, url), breaker, budget !== false);
}
