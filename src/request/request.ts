import type { BodyFactory, FetchBody, FetchInit, FetchInput, SteadInit } from '../policy/options.ts';

/** A call's request, taken apart: what the policy needs to see, and what every attempt will send. */
export interface CallRequest {
  /** Upper-case. */
  readonly method: string;
  readonly url: URL;
  /** Everything that `fetch` is given besides body, signal and dispatcher. */
  readonly init: FetchInit;
  readonly signal: AbortSignal | undefined;
  readonly body: FetchBody | BodyFactory | undefined;
  /** The body of a `Request`, which can only be read. */
  readonly stream: ReadableStream<Uint8Array> | undefined;
}

/**
 * Takes the arguments of `fetch` apart without changing them.
 * Undefined if there is nothing here for a policy: not http(s), or so wrong that `fetch` itself should say so.
 */
export function readRequest(input: FetchInput, init: SteadInit): CallRequest | undefined {
  const request = isRequest(input) ? input : undefined;
  if (request?.bodyUsed && init.body === undefined) return undefined;
  const href = request?.url ?? String(input);
  if (!URL.canParse(href)) return undefined;
  const url = new URL(href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;

  const own = members(init);
  const sent: FetchInit = request ? { ...fromRequest(request), ...own } : own;
  const ownBody = init.body !== undefined && init.body !== null;
  return {
    method: String(sent.method ?? 'GET').toUpperCase(),
    url,
    init: sent,
    signal: (init.signal === undefined ? request?.signal : init.signal) ?? undefined,
    body: init.body,
    stream: ownBody ? undefined : (request?.body ?? undefined),
  };
}

/** By its tag: undici's Request and the runtime's are different classes, and undici only knows its own. */
export function isRequest(input: unknown): input is Request {
  return typeof input === 'object' && input !== null && Reflect.get(input, Symbol.toStringTag) === 'Request';
}

/** The members of a `Request`, all that the standard lets one read, as an init. */
function fromRequest(request: Request): FetchInit {
  const { method, headers, mode, credentials, cache, redirect, referrer, referrerPolicy } = request;
  const { integrity, keepalive } = request;
  const members = { method, headers, mode, credentials, cache, redirect, referrer, referrerPolicy };
  return { ...members, integrity, keepalive, ...(request.body && { duplex: 'half' as const }) } as FetchInit;
}

/** What `fetch` reads from an init. Somebody may pass an object that only inherits them, such as a Request. */
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

/** A copy without what is ours or differs between attempts; members that nobody knows are passed on. */
function members(init: SteadInit): FetchInit {
  const { idempotencyKey, policy, body, signal, dispatcher, ...rest } = init;
  const prototype = Object.getPrototypeOf(init);
  if (prototype === Object.prototype || prototype === null) return rest as FetchInit;
  const inherited: Record<string, unknown> = {};
  for (const name of STANDARD) {
    const value = Reflect.get(init, name);
    if (value !== undefined) inherited[name] = value;
  }
  return { ...inherited, ...rest } as FetchInit;
}
