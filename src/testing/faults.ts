import { setTimeout as pause } from 'node:timers/promises';
import type { FetchInit, FetchInput, FetchLike } from '../model/options.ts';
import {
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  join,
  list,
  members,
  milliseconds,
  number,
  oneOf,
  only,
  wholeNumber,
} from '../options/checks.ts';

/** The kinds of faults, described from the caller's side of the network. */
export type FaultKind =
  /** There is no connection: nothing is sent. */
  | 'refuse'
  /** The connection breaks before the service has the request: the service does nothing, but the caller can't know that. */
  | 'reset-before'
  /** The connection breaks after the service has done its work: the response is lost. */
  | 'reset-after'
  /** The service does its work, and its response never comes: only a timeout or an abort ends the call. */
  | 'stall'
  /** The body comes slowly: `bytes` every `gap` milliseconds. */
  | 'drip'
  /** The body breaks off after `bytes`. */
  | 'truncate'
  /** A proxy in front of the service answers with `status`. The service does not get the request. */
  | 'status';

/** A fault, and the requests that have it. */
export interface FaultRule {
  /** The kind of fault. */
  readonly fault: FaultKind;
  /**
   * The share of requests that begin to fail this way: above 0, up to 1.
   * @default 1
   */
  readonly share?: number;
  /**
   * The number of requests in a row that fail once one fails, as in an outage.
   * @default 1
   */
  readonly burst?: number;
  /** Which requests the rule is for. By default all. */
  readonly when?: (request: FaultyRequest) => boolean;
  /**
   * For `'status'`: the response's status, 200 to 599.
   * @default 503
   */
  readonly status?: number;
  /** For `'status'`: seconds in Retry-After. By default there is no such header. */
  readonly retryAfter?: number;
  /** For `'drip'`: the bytes of each piece (default: 16). For `'truncate'`: the bytes before the end (default: 0). */
  readonly bytes?: number;
  /**
   * For `'drip'`: milliseconds between two pieces.
   * @default 50
   */
  readonly gap?: number;
}

/** A request as a rule sees it. */
export interface FaultyRequest {
  /** The request's number, counted from 1. */
  readonly number: number;
  /** The HTTP method, in upper case. */
  readonly method: string;
  /** The whole URL, as it was given. */
  readonly url: string;
}

/** The options of `faults`. */
export interface FaultsOptions {
  /** The seed of the random numbers, a whole number. The same seed and the same requests give the same faults. */
  readonly seed: number;
  /** The rules. The first rule that applies decides. Default: none, so only the faults given to `next` happen. */
  readonly rules?: readonly FaultRule[];
  /**
   * The `fetch` that really sends.
   * @default the runtime's own `fetch`
   */
  readonly fetch?: FetchLike;
}

/** A `fetch` with faults. */
export interface FaultyFetch extends FetchLike {
  /**
   * Adds faults for the next requests, in their order. These come before all rules. `'none'` lets a request through.
   * @throws {PolicyError} A fault is wrong.
   */
  next(...faults: readonly (FaultKind | FaultRule | 'none')[]): void;
  /** Every request so far, with its fault. */
  readonly log: readonly (FaultyRequest & { readonly fault: FaultKind | 'none' })[];
}

/**
 * Makes a `fetch` with faults, for your own tests and for game days. Give it to `createFetch`, or to anything else that takes a
 * `fetch`. If a fault lets the request through, then the request is really sent, and the service does its work.
 *
 * @throws {PolicyError} An option is wrong. The message names the option and says what is allowed.
 * @example
 * const flaky = faults({ seed: 7, rules: [{ fault: 'status', share: 0.05, burst: 5 }, { fault: 'reset-after', share: 0.02 }] });
 * const api = createFetch({ fetch: flaky });
 * // or one by one
 * flaky.next('refuse', 'none', { fault: 'status', status: 429, retryAfter: 1 });
 */
export function faults(options: FaultsOptions): FaultyFetch {
  const { seed, rules = [], fetch: send = globalThis.fetch } = checkFaults(options);
  const chance = seeded(seed);
  const queue: (FaultRule | 'none')[] = [];
  const log: (FaultyRequest & { readonly fault: FaultKind | 'none' })[] = [];
  let burst: { readonly rule: FaultRule; left: number } | undefined;

  function choose(request: FaultyRequest): FaultRule | undefined {
    const told = queue.shift();
    if (told !== undefined) return told === 'none' ? undefined : told;
    const inBurst = burst;
    if (inBurst !== undefined && inBurst.left > 0 && applies(inBurst.rule, request)) {
      inBurst.left--;
      return inBurst.rule;
    }
    const rule = rules.find((each) => applies(each, request) && chance() < (each.share ?? 1));
    burst = rule && { rule, left: (rule.burst ?? 1) - 1 };
    return rule;
  }

  const flaky: FetchLike = async (input, init) => {
    const request = { number: log.length + 1, ...describe(input, init) };
    const rule = choose(request);
    log.push({ ...request, fault: rule?.fault ?? 'none' });
    return rule === undefined
      ? send(input, init)
      : suffer(rule, () => send(input, init), signalOf(input, init));
  };
  const next: FaultyFetch['next'] = (...told) => {
    queue.push(...told.map((each, at) => (each === 'none' ? each : checkTold(each, `next[${at}]`))));
  };
  return Object.assign(flaky, { next, log });
}

function applies({ when }: FaultRule, request: FaultyRequest): boolean {
  return when === undefined || when(request);
}

async function suffer(
  { fault, status = 503, retryAfter, bytes, gap = 50 }: FaultRule,
  send: () => Promise<Response>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  signal?.throwIfAborted();
  switch (fault) {
    case 'refuse':
      throw networkError('ECONNREFUSED', 'connect ECONNREFUSED (a fault on purpose)');
    case 'reset-before':
      throw networkError('ECONNRESET', 'read ECONNRESET (a fault on purpose)');
    case 'status': {
      const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
      return new Response(null, { status, headers });
    }
    case 'reset-after':
      await (await send()).body?.cancel();
      throw networkError('ECONNRESET', 'read ECONNRESET (a fault on purpose)');
    case 'stall':
      await (await send()).body?.cancel();
      return new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    case 'drip':
      return withBody(await send(), (body) => dripping(body, bytes ?? 16, gap));
    case 'truncate':
      return withBody(await send(), (body) => truncated(body, bytes ?? 0));
  }
}

/** The error that undici's `fetch` rejects with: the cause has the code. */
function networkError(code: string, message: string): TypeError {
  return new TypeError('fetch failed', { cause: Object.assign(new Error(message), { code }) });
}

function withBody(
  response: Response,
  change: (body: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array>,
): Response {
  if (response.body === null) return response;
  const { status, statusText, headers } = response;
  const pieces = change(response.body as unknown as AsyncIterable<Uint8Array>);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
  return new Response(body, { status, statusText, headers });
}

async function* dripping(
  body: AsyncIterable<Uint8Array>,
  bytes: number,
  gap: number,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length; at += bytes) {
      yield chunk.subarray(at, at + bytes);
      await pause(gap);
    }
  }
}

async function* truncated(body: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of body) {
    if (left > 0) yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) break;
  }
  throw new TypeError('terminated', {
    cause: Object.assign(new Error('other side closed (a fault on purpose)'), { code: 'UND_ERR_SOCKET' }),
  });
}

function describe(input: FetchInput, init: FetchInit | undefined): Omit<FaultyRequest, 'number'> {
  const isRequest = typeof input === 'object' && 'url' in input;
  const method = init?.method ?? (isRequest ? input.method : 'GET');
  return { method: method.toUpperCase(), url: isRequest ? input.url : String(input) };
}

function signalOf(input: FetchInput, init: FetchInit | undefined): AbortSignal | undefined {
  const own = init?.signal ?? undefined;
  return own ?? (typeof input === 'object' && 'signal' in input ? input.signal : undefined);
}

/** Pseudo-random numbers, uniform in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const kind = oneOf('refuse', 'reset-before', 'reset-after', 'stall', 'drip', 'truncate', 'status');
const ruleChecks: Checks<FaultRule> = {
  fault: kind,
  share: number('a number above 0, up to 1', (value) => value > 0 && value <= 1),
  burst: wholeNumber(1),
  when: only('a function', isFunction<NonNullable<FaultRule['when']>>),
  status: wholeNumber(200, 599),
  retryAfter: wholeNumber(0),
  bytes: wholeNumber(0),
  gap: milliseconds(0),
};

const checkRule: Check<FaultRule> = (value, path) => {
  if (!isPlainObject(value))
    return fail(path, 'a plain object with a fault, such as { fault: "refuse" }', value);
  const { fault, ...rest } = members(value, path, '', ruleChecks, []);
  return { fault: kind(fault, join(path, 'fault')), ...rest };
};

const checkTold: Check<FaultRule> = (value, path) =>
  typeof value === 'string' ? { fault: kind(value, path) } : checkRule(value, path);

const optionChecks: Checks<FaultsOptions> = {
  seed: wholeNumber(0),
  rules: list('an array of rules', checkRule),
  fetch: only('a function', isFunction<FetchLike>),
};

function checkFaults(options: unknown): FaultsOptions {
  if (!isPlainObject(options)) return fail('options', 'a plain object with a seed', options);
  const { seed, ...rest } = members(options, '', '', optionChecks, []);
  return { seed: optionChecks.seed(seed, 'seed'), ...rest };
}
