/** The limits of the pauses between attempts, in milliseconds. */
export interface BackoffRule {
  readonly base: number;
  readonly factor: number;
  readonly cap: number;
}

/**
 * Backoff with full jitter: uniform between zero and the capped exponential. The cap is applied before the jitter, so that
 * clients which failed at the same time do not all retry after exactly the cap.
 *
 * @param retry the number of the retry, counted from 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(retry: number, rule: BackoffRule, random: () => number): number {
  return random() * longestBackoff(retry, rule);
}

export function longestBackoff(retry: number, { base, factor, cap }: BackoffRule): number {
  return Math.min(cap, base * factor ** (retry - 1));
}
