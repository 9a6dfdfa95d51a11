/** Runs `step` again and again, `limit` at a time, until it resolves to false. */
export async function concurrently(limit: number, step: () => Promise<boolean>): Promise<void> {
  const worker = async () => {
    while (await step());
  };
  await Promise.all(Array.from({ length: limit }, worker));
}
