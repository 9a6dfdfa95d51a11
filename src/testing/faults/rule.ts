import {
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  join,
  members,
  milliseconds,
  number,
  oneOf,
  only,
  wholeNumber,
} from '../../options/checks.ts';

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
  /** For `'drip'`: the bytes of each piece, 1 or more (default: 16). For `'truncate'`: the bytes before the end (default: 0). */
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

/** The numbers of a fault, with its defaults. */
export interface FaultNumbers {
  readonly status: number;
  readonly retryAfter: number | undefined;
  /** Of a `'drip'`. */
  readonly piece: number;
  /** Of a `'truncate'`. */
  readonly length: number;
  readonly gap: number;
}

export function numbersOf({ status = 503, retryAfter, bytes, gap = 50 }: FaultRule): FaultNumbers {
  return { status, retryAfter, piece: bytes ?? 16, length: bytes ?? 0, gap };
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

export const checkRule: Check<FaultRule> = (value, path) => {
  if (!isPlainObject(value))
    return fail(path, 'a plain object with a fault, such as { fault: "refuse" }', value);
  const { fault, ...rest } = members(value, path, '', ruleChecks, []);
  const rule = { fault: kind(fault, join(path, 'fault')), ...rest };
  // Such a body would never end.
  if (rule.fault === 'drip' && rule.bytes !== undefined) wholeNumber(1)(rule.bytes, join(path, 'bytes'));
  return rule;
};

/** A fault that is told by its name, or by a rule. */
export const checkTold: Check<FaultRule> = (value, path) =>
  typeof value === 'string' ? { fault: kind(value, path) } : checkRule(value, path);
