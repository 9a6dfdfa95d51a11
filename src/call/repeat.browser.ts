/** The same as `repeat.ts` without p-retry, which would add more than a kilobyte to the small browser bundle. */
export async function repeat(
  times: number,
  step: () => Promise<boolean>,
  another: () => Promise<boolean>,
): Promise<void> {
  for (let taken = 1; !(await step()) && taken < times && (await another()); taken++);
}
