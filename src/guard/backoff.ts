/** How long pauses may be, in milliseconds. */
export interface BackoffRule {
  readonly base: number;
  readonly factor: number;
  readonly cap: number;
}

/**
 * Full jitter: uniform between nothing and the capped exponential. The cap comes before the jitter, so that
 * clients which failed together do not end up together at exactly the cap.
 *
 * @param retry which retry this is, counted from 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(retry: number, rule: BackoffRule, random: () => number): number {
  return random() * longestBackoff(retry, rule);
}

export function longestBackoff(retry: number, { base, factor, cap }: BackoffRule): number {
  return Math.min(cap, base * factor ** (retry - 1));
}
