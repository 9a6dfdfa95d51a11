import { assertReadable, nativeBlob } from '../body/foreign-blob.ts';
import { heard } from '../body/node-stream.ts';
import { isForeignBlob } from '../body/recognise.ts';
import type { CallRequest } from '../call/request.ts';
import { type CallUrl, plainUrl } from '../http/call-url.ts';
import { copyHeaders } from '../http/headers.ts';
import type { FetchInit, FetchInput, SteadInit } from '../model/options.ts';
import { isHandedOn } from '../policy/handed-on.ts';
import { refuseStray } from '../policy/init-names.ts';
import { baseUrl } from '../transport/default.ts';

/**
 * Takes the arguments of `fetch` apart without changing them. Undefined if no policy applies: the URL is not http(s), or an
 * argument is so wrong that `fetch` itself should refuse it.
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

  const members = given(init, url);
  const sent: FetchInit = request ? { ...fromRequest(request, init), ...members } : members;
  if (sent.headers !== undefined) sent.headers = copyHeaders(sent.headers);
  // The body is sent as a stream, even if the Request was made from another kind of body. For a stream `fetch` demands `duplex`
  // and refuses `keepalive`, which has no effect outside of browsers.
  if (stream) Object.assign(sent, { duplex: 'half', keepalive: false });
  return { method: sentMethod(sent.method), url, init: sent, signal, body: bodyOf(init.body), stream };
}

/** Reads the Blob of another library. `fetch` would convert such a Blob to text, like any unknown object. */
function bodyOf(body: SteadInit['body']): SteadInit['body'] {
  if (!isForeignBlob(body)) return heard(body);
  assertReadable(body);
  let native: Promise<Blob> | undefined;
  return () => {
    native ??= nativeBlob(body);
    return native;
  };
}

/** By its tag, because undici's Request and the runtime's are different classes, and undici knows only its own. */
export function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && Reflect.get(input, Symbol.toStringTag) === 'Request';
}

/** The members of a `Request` that the standard lets a program read, except those that `init` overrides. */
export function fromRequest(request: Request, init: SteadInit): FetchInit {
  const { method, headers, mode, credentials, cache, redirect, referrer, referrerPolicy } = request;
  const { integrity, keepalive } = request;
  const members = { method, headers, mode, credentials, cache, redirect, integrity, keepalive };
  // WHATWG Fetch, new Request(), step "If init is not empty": the referrer is reset.
  const untouched = MEMBERS.every((name) => Reflect.get(init, name) === undefined);
  return (untouched ? { ...members, referrer, referrerPolicy } : members) as FetchInit;
}

/**
 * The Request of each signal. A `Request`'s signal follows the caller's signal only until the Request is garbage-collected
 * (Node's own `fetch` and undici 7's miss the abort then). So the signal keeps its Request alive.
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

/** Methods that `fetch` changes to upper case. Any other method is sent as it is written. */
const NORMALISED = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT'];

function sentMethod(method: string | undefined): string {
  if (method === undefined) return 'GET';
  const upper = String(method).toUpperCase();
  return NORMALISED.includes(upper) ? upper : String(method);
}

/** The members of an init that `fetch` reads, except those that differ between attempts. */
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

/** Members that are ours, or differ between attempts. */
const OTHERS: ReadonlySet<string> = new Set<keyof SteadInit>([
  'idempotencyKey',
  'policy',
  'body',
  'signal',
  'dispatcher',
]);

/**
 * A copy of the members that every attempt sends. Unknown members are passed on. Inherited members count too, because a Request
 * may be given as the init.
 *
 * @throws {PolicyError} A member looks as if it had an effect here, but has none.
 */
function given(init: SteadInit, url: CallUrl): FetchInit {
  const members = init as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (value === undefined || OTHERS.has(name)) continue;
    if (!KNOWN.has(name)) {
      if (isHandedOn(name, value, members, url)) continue;
      refuseStray(name);
    }
    result[name] = value;
  }
  for (const name of STANDARD) {
    const value = members[name];
    if (value !== undefined) result[name] = value;
  }
  return result as FetchInit;
}
