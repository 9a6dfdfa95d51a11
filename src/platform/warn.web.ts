/** A listener's mistake is reported where it can be seen, and nowhere near the call. */
export function warn(error: unknown): void {
  console.warn(error);
}
