/** Does one step after the other, so many at a time, until a step says that there are no more. */
export async function concurrently(limit: number, step: () => Promise<boolean>): Promise<void> {
  const worker = async () => {
    while (await step());
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
