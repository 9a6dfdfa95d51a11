import { backoff, longestBackoff } from '../guard/backoff.ts';
import type { Refusal } from '../guard/guard.ts';
import type { GuardName } from '../model/events.ts';
import type { Delivery } from '../model/failure.ts';
import type { Stopped } from '../model/report.ts';

/** A pause is only worthwhile if at least this much time is left for the attempt after it, in milliseconds. */
export const WORTHWHILE = 50;

/**
 * The pause before the last attempt is at least this share of its longest, so that a call does not use up all its attempts in the
 * first second of an outage.
 */
const HELD = 0.67;

/** The facts about a failed attempt. */
export interface FailedAttempt {
  /** The attempt's number, counted from 1. */
  readonly number: number;
  readonly delivery: Delivery;
  /** Whether the server says that it still works on this call ("still running"). */
  readonly running: boolean;
  /** The pause that the server asked for, in milliseconds; undefined: none. */
  readonly asked: number | undefined;
}

/** What the rules allow this call. */
export interface RetryRules {
  readonly attempts: number;
  readonly base: number;
  readonly factor: number;
  readonly cap: number;
  /** The longest wait that a server may ask for, in milliseconds. */
  readonly retryAfter: number;
  /** Whether a repeat is safe: the method is idempotent, or a key protects the work. */
  readonly repeatable: boolean;
  /** Whether the body can be sent again. */
  readonly resendable: boolean;
  /** Monotonic: when the server forgets the key; `Infinity`: there is no key. */
  readonly forgotten: number;
}

/** The present moment. Times are monotonic. */
export interface Moment {
  readonly now: number;
  /** When the call must be over; `Infinity`: never. */
  readonly deadline: number;
  /** A random number, uniform in [0, 1). */
  readonly random: () => number;
}

/** What follows on a failed attempt. */
export type Decision =
  /** The call ends, for this reason. */
  | { readonly stop: Stopped }
  /** Another attempt follows, after this many milliseconds. */
  | { readonly wait: number };

/** What follows on a refusal. */
export type RefusalDecision =
  | { readonly stop: Stopped }
  /** The call waits for room until this time at the latest (monotonic). */
  | { readonly roomUntil: number };

/** Decides what follows on a failed attempt that may be retried. Changes nothing. */
export function decide(
  failed: FailedAttempt,
  rules: RetryRules,
  { now, deadline, random }: Moment,
): Decision {
  if (!rules.repeatable && failed.delivery !== 'not-sent') return { stop: 'unsafe' };
  if (!rules.resendable) return { stop: 'body' };
  const { asked = 0, number } = failed;
  if (asked > rules.retryAfter) return { stop: 'policy' };
  // While the first request still runs, a quick repeat is useless, so the pause begins at the cap.
  const base = failed.running ? rules.cap : rules.base;
  const isLast = number + 1 === rules.attempts;
  const wait =
    asked + backoff(number, { ...rules, base }, isLast ? () => HELD + (1 - HELD) * random() : random);
  if (now + wait + WORTHWHILE > deadline) return { stop: 'deadline' };
  // A key that the server has forgotten protects no longer.
  if (now + wait >= rules.forgotten) return { stop: 'unsafe' };
  return { wait };
}

/** Why a call ends that a guard refuses. A quota ends none: an attempt that can't wait for it is sent, unless the limit is reached. */
export function stoppedBy(by: GuardName): Stopped {
  return by === 'quota' ? 'limit' : by;
}

/** Decides what follows when a guard refuses. Changes nothing. */
export function decideOnRefusal(
  { by, until, isFixed }: Refusal,
  patience: number,
  { now, deadline }: Pick<Moment, 'now' | 'deadline'>,
): RefusalDecision {
  const roomUntil = Math.min(now + patience, deadline - WORTHWHILE);
  return roomUntil <= now || (isFixed && until > roomUntil) ? { stop: stoppedBy(by) } : { roomUntil };
}

/** The longest time that the call's pauses may take together, until the attempt of that number, in milliseconds. */
export function spanOf(number: number, rules: RetryRules): number {
  let span = 0;
  for (let retry = 1; retry < number; retry++) span += longestBackoff(retry, rules);
  return span;
}
