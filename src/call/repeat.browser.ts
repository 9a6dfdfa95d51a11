/** The same for a bundle that has to be small: p-retry would be more than a kilobyte of it. */
export async function repeat(
  times: number,
  step: () => Promise<boolean>,
  another: () => Promise<boolean>,
): Promise<void> {
  for (let taken = 1; !(await step()) && taken < times && (await another()); taken++);
}
