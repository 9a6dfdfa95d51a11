/** The names that `brought.ts` has. In a browser one sentence has to do for all: the bundle would be too large. */
export const BROUGHT: ReadonlyMap<string, string> = new Map(
  ['json', 'data', 'params', 'searchParams', 'retries'].map((name) => [name, 'fetch has none of that name']),
);
