import type { Attributes } from '@opentelemetry/api';
import type { CallRef } from '../model/events.ts';
import type { AttemptReport, CallReport } from '../model/report.ts';

/**
 * The names of the semantic conventions where there is one, else names of our own.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
const METHOD = 'http.request.method';
const STATUS = 'http.response.status_code';
const RESEND = 'http.request.resend_count';
const TEMPLATE = 'url.template';
const ADDRESS = 'server.address';
const PORT = 'server.port';
const FULL = 'url.full';
const ERROR = 'error.type';

/** How many scopes get a series of their own. A scope function may name tenants. */
const SCOPES = 200;
const known = new Set<string>();

/** What spans and metrics of a call have in common. Bounded: never a path, but for the pattern of an endpoint rule. */
export function callAttributes({ method, url, endpoint, scope }: CallRef): Attributes {
  const { hostname, port, protocol } = new URL(url);
  return {
    [METHOD]: method,
    [ADDRESS]: hostname,
    [PORT]: Number(port) || (protocol === 'https:' ? 443 : 80),
    ...(endpoint !== undefined && { [TEMPLATE]: endpoint.replace(/^[A-Z,| ]+ /, '') }),
    ...(scope !== undefined && { 'steadfetch.scope': boundedScope(scope) }),
  };
}

/** The same, and what only a span may hold. */
export function callSpanAttributes(call: CallRef): Attributes {
  return { ...callAttributes(call), [FULL]: call.url, 'steadfetch.call.id': call.id };
}

export function outcomeAttributes({ stopped, delivery, attempts }: CallReport): Attributes {
  return {
    'steadfetch.stopped': stopped,
    'steadfetch.delivery': delivery,
    ...errorAttributes(attempts.at(-1), stopped),
  };
}

export function attemptAttributes(attempt: AttemptReport): Attributes {
  return {
    'steadfetch.reason': attempt.reason,
    ...(attempt.status !== undefined && { [STATUS]: attempt.status }),
    ...errorAttributes(attempt, attempt.reason),
  };
}

/** A first attempt is no resend. */
export function resendAttributes(number: number): Attributes {
  return number > 1 ? { [RESEND]: number - 1 } : {};
}

/** The name of a scope in metrics. Beyond the first 200 all are one, `other`. */
export function boundedScope(scope: string): string {
  if (known.size < SCOPES) known.add(scope);
  return known.has(scope) ? scope : 'other';
}

/** Of a failure: the error's code or name, the status, or why there was nothing at all. */
function errorAttributes(attempt: AttemptReport | undefined, otherwise: string): Attributes {
  if (attempt?.reason === 'success') return {};
  const { error, status } = attempt ?? {};
  return { [ERROR]: error?.code ?? error?.name ?? (status === undefined ? otherwise : String(status)) };
}
