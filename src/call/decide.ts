import { backoff, longestBackoff } from '../guard/backoff.ts';
import type { Refusal } from '../guard/guard.ts';
import type { Delivery } from '../model/failure.ts';
import type { Stopped } from '../model/report.ts';

/** A pause only pays off if this much time is left for the attempt after it, in milliseconds. */
export const WORTHWHILE = 50;

/** The last pause is at least this share of its longest: the last hope of a call is not spent in the first second of trouble. */
const HELD = 0.67;

/** What is known of an attempt that failed. */
export interface FailedAttempt {
  /** Counted from 1. */
  readonly number: number;
  readonly delivery: Delivery;
  /** The server said that it is still at work on this call ("still running"). */
  readonly running: boolean;
  /** Milliseconds that the server asked to be left alone, if it did. */
  readonly asked: number | undefined;
}

/** What this call may do. */
export interface RetryRules {
  readonly attempts: number;
  readonly base: number;
  readonly factor: number;
  readonly cap: number;
  /** The longest wait that a server may ask for. */
  readonly retryAfter: number;
  /** Whether the work may be done twice: by the nature of its method, or because a key protects it. */
  readonly repeatable: boolean;
  /** Whether the body can be sent again. */
  readonly resendable: boolean;
  /** Monotonic: when the server forgets the key; `Infinity`: there is none to forget. */
  readonly forgotten: number;
}

/** The time, monotonic. */
export interface Moment {
  readonly now: number;
  /** When the call has to be over; `Infinity`: never. */
  readonly deadline: number;
  /** Chance: uniform in [0, 1). */
  readonly random: () => number;
}

/** What follows. */
export type Decision =
  /** The call ends, and this is why. */
  | { readonly stop: Stopped }
  /** Another attempt, after so many milliseconds. */
  | { readonly wait: number };

/** What follows on a refusal. */
export type RefusalDecision =
  | { readonly stop: Stopped }
  /** The call waits for room, until then at most (monotonic). */
  | { readonly roomUntil: number };

/** What follows on a failed attempt that is worth another one. Changes nothing. */
export function decide(
  failed: FailedAttempt,
  rules: RetryRules,
  { now, deadline, random }: Moment,
): Decision {
  if (!rules.repeatable && failed.delivery !== 'not-sent') return { stop: 'unsafe' };
  if (!rules.resendable) return { stop: 'body' };
  const { asked = 0, number } = failed;
  if (asked > rules.retryAfter) return { stop: 'policy' };
  // "The first one is still running" is no failure that a quick repeat gets around: such a pause starts at the cap.
  const base = failed.running ? rules.cap : rules.base;
  const isLast = number + 1 === rules.attempts;
  const wait =
    asked + backoff(number, { ...rules, base }, isLast ? () => HELD + (1 - HELD) * random() : random);
  if (now + wait + WORTHWHILE > deadline) return { stop: 'deadline' };
  // A key that the server has forgotten protects no more.
  if (now + wait >= rules.forgotten) return { stop: 'unsafe' };
  return { wait };
}

/** What follows if the guards let nothing be sent now. Changes nothing. */
export function decideOnRefusal(
  { by, until, isFixed }: Refusal,
  patience: number,
  { now, deadline }: Pick<Moment, 'now' | 'deadline'>,
): RefusalDecision {
  const roomUntil = Math.min(now + patience, deadline - WORTHWHILE);
  return roomUntil <= now || (isFixed && until > roomUntil) ? { stop: by } : { roomUntil };
}

/** Milliseconds that the pauses of a call may come to, until the attempt of that number. */
export function spanOf(number: number, rules: RetryRules): number {
  let span = 0;
  for (let retry = 1; retry < number; retry++) span += longestBackoff(retry, rules);
  return span;
}
