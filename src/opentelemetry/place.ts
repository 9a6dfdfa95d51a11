import type { Attributes } from '@opentelemetry/api';
import type { CallRef } from '../model/events.ts';
import type { AttemptReport, CallReport } from '../model/report.ts';
import {
  ADDRESS,
  DELIVERY,
  ERROR,
  METHOD,
  PORT,
  REASON,
  SCOPE,
  STATUS,
  STOPPED,
  TEMPLATE,
} from './attributes.ts';
import { bounded, boundedScope } from './bounded.ts';

/** Those that the semantic conventions name. Others are `_OTHER`, in metrics. */
const METHODS = new Set([
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'QUERY',
]);

const boundedOrigin = bounded();
const boundedError = bounded();

/** By the values of a few members. */
type Level<Next> = Map<string | number | undefined, Next>;

/** What counters and histograms get with an outcome. */
interface Outcome {
  readonly counted: Attributes;
  /** Fewer, as there is a bucket for each duration: without what the counters say already. */
  readonly timed: Attributes;
}

/**
 * What calls of one method to one server, by one rule and in one scope, have in common. Its attributes are made once, and
 * so are those of each outcome: a metric is then found without making any. Bounded: never a path, but for a rule's pattern.
 */
export class Place {
  /** Of a span. */
  readonly name: string;
  readonly attributes: Attributes;
  readonly #timed: Attributes;
  readonly #calls: Level<Level<Level<Outcome>>> = new Map();
  readonly #attempts: Level<Level<Level<Outcome>>> = new Map();
  readonly #others: Level<Level<Attributes>> = new Map();

  constructor(method: string, server: Attributes, endpoint: string | undefined, scope: string | undefined) {
    this.name = nameOf(method, endpoint);
    const template = endpoint === undefined ? {} : { [TEMPLATE]: templateOf(endpoint) };
    this.#timed = { [METHOD]: method, ...server, ...template };
    this.attributes = { ...this.#timed, ...(scope !== undefined && { [SCOPE]: scope }) };
  }

  /** Of a call that settled. */
  call(report: CallReport): Outcome {
    const { stopped, delivery } = report;
    const error = errorOfCall(report);
    return at(
      at(
        at(this.#calls, stopped, () => new Map()),
        delivery,
        () => new Map(),
      ),
      error,
      () => ({
        counted: {
          ...this.attributes,
          [STOPPED]: stopped,
          [DELIVERY]: delivery,
          ...(error !== undefined && { [ERROR]: error }),
        },
        timed: { ...this.#timed, [STOPPED]: stopped },
      }),
    );
  }

  /** Of an attempt that is over. */
  attempt(report: AttemptReport): Outcome {
    const { reason, status } = report;
    const error = errorOfAttempt(report);
    return at(
      at(
        at(this.#attempts, reason, () => new Map()),
        status,
        () => new Map(),
      ),
      error,
      () => {
        const ended = {
          ...(status !== undefined && { [STATUS]: status }),
          ...(error !== undefined && { [ERROR]: error }),
        };
        return {
          counted: { ...this.attributes, [REASON]: reason, ...ended },
          timed: { ...this.#timed, ...ended },
        };
      },
    );
  }

  /** With one more. */
  with(name: string, value: string): Attributes {
    return at(
      at(this.#others, name, () => new Map()),
      value,
      () => ({ ...this.attributes, [name]: value }),
    );
  }
}

/** By server, rule, scope and method. */
const places: Level<Level<Level<Level<Place>>>> = new Map();

/** The latest: spans and metrics ask for the same call one after the other. */
let latest:
  | { readonly call: Pick<CallRef, 'method' | 'url' | 'endpoint' | 'scope'>; readonly place: Place }
  | undefined;

export function placeOf(call: CallRef): Place {
  const { method, url, endpoint, scope } = call;
  if (latest !== undefined) {
    const { call: known, place } = latest;
    if (known.url === url && known.method === method && known.endpoint === endpoint && known.scope === scope)
      return place;
  }
  const place = findPlace(call);
  latest = { call: { method, url, endpoint, scope }, place };
  return place;
}

function findPlace({ method, url, endpoint, scope }: CallRef): Place {
  const origin = originOf(url);
  const name = scope === undefined ? undefined : boundedScope(scope);
  const known = METHODS.has(method) ? method : '_OTHER';
  return at(
    at(
      at(
        at(places, origin, () => new Map()),
        endpoint,
        () => new Map(),
      ),
      name,
      () => new Map(),
    ),
    known,
    () => new Place(known, serverOf(origin), endpoint, name),
  );
}

/** The code or name of its error, the status, or why there was nothing at all; undefined: it went well. */
export function errorOfCall({ attempts, stopped }: CallReport): string | undefined {
  const last = attempts.findLast(isMeant);
  return last === undefined ? stopped : errorOfAttempt(last);
}

export function errorOfAttempt(report: AttemptReport): string | undefined {
  const { reason, error, status } = report;
  if (reason === 'success' || !isMeant(report)) return undefined;
  if (error !== undefined) return boundedError(error.code ?? error.name);
  return status === undefined ? reason : String(status);
}

/** Whether the attempt was to decide something. One that another attempt overtook was cancelled on purpose: that is no error. */
export function isMeant({ reason }: AttemptReport): boolean {
  return reason !== 'lost';
}

/** Empty for what `options.redact` made no URL of. */
function serverOf(origin: string): Attributes {
  if (!URL.canParse(origin)) return {};
  const { hostname, port, protocol } = new URL(origin);
  return { [ADDRESS]: hostname, [PORT]: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** The pattern without its methods. */
function templateOf(endpoint: string): string {
  return endpoint.replace(/^[A-Z,| ]+ /, '');
}

/** @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name */
function nameOf(method: string, endpoint: string | undefined): string {
  const verb = method === '_OTHER' ? 'HTTP' : method;
  const path = endpoint === undefined ? undefined : /:\/\/[^/]*(\/.*)$/.exec(endpoint)?.[1];
  return path === undefined ? verb : `${verb} ${path}`;
}

function originOf(url: string): string {
  const path = url.indexOf('/', url.indexOf('://') + 3);
  return boundedOrigin(path === -1 ? url : url.slice(0, path));
}

function at<Value>(values: Level<Value>, key: string | number | undefined, make: () => Value): Value {
  let value = values.get(key);
  if (value === undefined) {
    value = make();
    values.set(key, value);
  }
  return value;
}
