import type { Emitter } from '../emitter.ts';
import { scopeName } from '../guard/scope-name.ts';
import type { Scope, Scopes } from '../guard/scopes.ts';
import type { FetchInit, SteadInit } from '../policy/options.ts';
import type { Policies } from '../policy/policies.ts';
import type { ResolvedPolicy } from '../policy/policy.ts';
import { type BodySource, bodySource } from '../request/body.ts';
import { findHeader, withHeader } from '../request/headers.ts';
import { isIdempotentMethod, keyFor, protects } from '../request/key.ts';
import type { CallRequest } from '../request/request.ts';
import { requestBody } from '../request/request-body.ts';
import type { Runtime } from '../runtime.ts';
import type { Limits } from '../transport/clock.ts';
import type { Transport } from '../transport/exchange.ts';
import { transportFor } from '../transport/transport.ts';
import { CallerSignal } from './caller-signal.ts';
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

/** Everything that one logical call is made of. */
export interface CallPlan {
  readonly record: CallRecord;
  readonly policy: ResolvedPolicy;
  readonly url: string;
  /** What every attempt sends, besides the body. */
  readonly init: FetchInit;
  readonly body: BodySource | undefined;
  /** The caller's signal, linked to this call. */
  readonly caller: CallerSignal | undefined;
  /** Whether a key makes a repeat recognisable. */
  readonly keyed: boolean;
  /** Whether the work may be done again: by the nature of its method, or because the key protects it. */
  readonly repeatable: boolean;
  /** Undefined: none of our clocks run. */
  readonly limits: Limits | undefined;
  readonly scope: Scope | undefined;
  /** What the service behind is told about retries; undefined: nothing. */
  readonly layer: { readonly tryOnce: boolean } | undefined;
  readonly transport: Transport;
  readonly emitter: Emitter;
  readonly runtime: Runtime;
}

/**
 * @throws {PolicyError} `init.policy` is wrong.
 * @throws {TypeError} The idempotency key is wrong.
 */
export async function planCall(
  request: CallRequest,
  init: SteadInit,
  policies: Policies,
  { scopes, emitter, runtime, layers }: CallContext,
): Promise<CallPlan> {
  const { method, url } = request;
  const found = policies.find(method, url, init.policy);
  const layer = layers ? { tryOnce: isToldToTryOnce() } : undefined;
  const policy = layer?.tryOnce ? { ...found, retry: { ...found.retry, attempts: 1 } } : found;
  const dialect = policy.idempotency;
  const header = dialect === false ? undefined : findHeader(request.init.headers, dialect.header);
  const key = keyFor({ method, url, given: init.idempotencyKey, header, dialect });
  const keyed = key !== undefined && protects(dialect, method);
  const record = new CallRecord(method, url, policy.endpoint, key?.key, runtime);
  const limits = limitsFrom(policy, runtime);
  const once = policy.retry.attempts === 1;
  const body = request.stream ? await requestBody(request.stream) : bodySource(request.body, once);
  const caller = request.signal && new CallerSignal(request.signal);
  let sent = request.init;
  if (dialect !== false && key?.headerValue !== undefined) {
    sent = { ...sent, headers: withHeader(sent.headers, dialect.header, key.headerValue) };
  }
  if (caller !== undefined) sent = { ...sent, signal: caller.signal };
  return {
    record,
    policy,
    url: url.href,
    init: sent,
    body,
    caller,
    keyed,
    repeatable: keyed || isIdempotentMethod(method),
    limits,
    scope: scopeFor(policy, method, url, scopes),
    layer,
    transport: transportFor(policies.fetch, init.dispatcher ?? policies.dispatcher),
    emitter,
    runtime,
  };
}

function limitsFrom({ timeout }: ResolvedPolicy, runtime: Runtime): Limits | undefined {
  return timeout === false ? undefined : { ...timeout, deadline: runtime.now() + timeout.total };
}

function scopeFor(policy: ResolvedPolicy, method: string, url: URL, scopes: Scopes): Scope | undefined {
  const { breaker, budget } = policy;
  if (breaker === false && budget === false) return undefined;
  return scopes.use(scopeName(policy, method, url), breaker, budget !== false);
}
