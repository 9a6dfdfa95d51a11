/** Shows an error of a listener on the console, so that it does not disturb the call. */
export function warn(error: unknown): void {
  console.warn(error);
}
