/**
 * Full jitter: uniform between nothing and the capped exponential. The cap comes before the jitter, so that
 * clients which failed together do not end up together at exactly the cap.
 *
 * @param retry which retry this is, counted from 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(
  retry: number,
  { base, factor, cap }: { readonly base: number; readonly factor: number; readonly cap: number },
  random: () => number,
): number {
  return random() * Math.min(cap, base * factor ** (retry - 1));
}
