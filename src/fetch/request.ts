import { assertReadable, nativeBlob } from '../body/foreign-blob.ts';
import { heard } from '../body/node-stream.ts';
import { isForeignBlob } from '../body/recognise.ts';
import type { CallRequest } from '../call/request.ts';
import { type CallUrl, plainUrl } from '../http/call-url.ts';
import { copyHeaders } from '../http/headers.ts';
import type { FetchInit, FetchInput, SteadInit } from '../model/options.ts';
import { refuseStray } from '../policy/init-names.ts';
import { baseUrl } from '../transport/default.ts';

/**
 * Takes the arguments of `fetch` apart without changing them.
 * Undefined if there is nothing here for a policy: not http(s), or so wrong that `fetch` itself should say so.
 */
export function readRequest(input: FetchInput, init: SteadInit): CallRequest | undefined {
  if (typeof init !== 'object') return undefined;
  const request = isRequest(input) ? input : undefined;
  const url = readUrl(request?.url ?? String(input));
  const signal = (init.signal === undefined ? request?.signal : init.signal) ?? undefined;
  if (url === undefined || !(signal === undefined || signal instanceof AbortSignal)) return undefined;

  const stream = (init.body ?? undefined) === undefined ? (request?.body ?? undefined) : undefined;
  if (stream && (request?.bodyUsed || stream.locked)) return undefined;
  if (request && signal === request.signal) owners.set(signal, request);

  const sent: FetchInit = request ? { ...fromRequest(request, init), ...given(init) } : given(init);
  if (sent.headers !== undefined) sent.headers = copyHeaders(sent.headers);
  // To its Request it may have been no stream; to us it may be one. With a stream `fetch` wants `duplex`, and does not
  // want `keepalive`, which means nothing outside of browsers.
  if (stream) Object.assign(sent, { duplex: 'half', keepalive: false });
  return { method: sentMethod(sent.method), url, init: sent, signal, body: bodyOf(init.body), stream };
}

/** `fetch` would take another library's Blob for an object like any other, and send what it is as text. */
function bodyOf(body: SteadInit['body']): SteadInit['body'] {
  if (!isForeignBlob(body)) return heard(body);
  assertReadable(body);
  let native: Promise<Blob> | undefined;
  return () => {
    native ??= nativeBlob(body);
    return native;
  };
}

/** By its tag: undici's Request and the runtime's are different classes, and undici only knows its own. */
export function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && Reflect.get(input, Symbol.toStringTag) === 'Request';
}

/** The members of a `Request`, all that the standard lets one read and that `init` leaves standing. */
export function fromRequest(request: Request, init: SteadInit): FetchInit {
  const { method, headers, mode, credentials, cache, redirect, referrer, referrerPolicy } = request;
  const { integrity, keepalive } = request;
  const members = { method, headers, mode, credentials, cache, redirect, integrity, keepalive };
  // WHATWG Fetch, new Request(), step "If init is not empty": the referrer is reset.
  const untouched = MEMBERS.every((name) => Reflect.get(init, name) === undefined);
  return (untouched ? { ...members, referrer, referrerPolicy } : members) as FetchInit;
}

/**
 * A `Request`'s signal follows the caller's only while the Request itself is not garbage (Node's own `fetch`, and
 * undici 7's, miss the abort then). So whoever holds the signal holds the Request.
 */
const owners = new WeakMap<AbortSignal, Request>();

function readUrl(href: string): CallUrl | undefined {
  const plain = plainUrl(href);
  if (plain !== undefined) return plain;
  let url: URL;
  try {
    url = new URL(href, baseUrl());
  } catch {
    return undefined;
  }
  if (url.username !== '' || url.password !== '') return undefined;
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : undefined;
}

/** Methods that `fetch` sends in upper case, however they were written. Any other is sent as it is. */
const NORMALISED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];

function sentMethod(method: string | undefined): string {
  if (method === undefined) return 'GET';
  const upper = String(method).toUpperCase();
  return NORMALISED.includes(upper) ? upper : String(method);
}

/** What `fetch` reads from an init, besides what differs between attempts. */
const STANDARD = [
  'method',
  'headers',
  'mode',
  'credentials',
  'cache',
  'redirect',
  'referrer',
  'referrerPolicy',
  'integrity',
  'keepalive',
  'duplex',
  'window',
  'priority',
] as const;
const KNOWN: ReadonlySet<string> = new Set(STANDARD);
const MEMBERS = [...STANDARD, 'body', 'signal'] as const;

/** What is ours, or differs between attempts. */
const OTHERS: ReadonlySet<string> = new Set<keyof SteadInit>([
  'idempotencyKey',
  'policy',
  'body',
  'signal',
  'dispatcher',
]);

/**
 * A copy of what every attempt sends. Members that nobody knows are passed on; those that are only inherited count too,
 * for somebody may give a Request as the init.
 *
 * @throws {PolicyError} One of them looks as if it did something here.
 */
function given(init: SteadInit): FetchInit {
  const members = init as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value === undefined || OTHERS.has(name)) continue;
    if (!KNOWN.has(name)) refuseStray(name);
    result[name] = value;
  }
  for (const name of STANDARD) {
    const value = members[name];
    if (value !== undefined) result[name] = value;
  }
  return result as FetchInit;
}
