/** The names of `brought.ts`. In a browser one sentence serves all of them, to keep the bundle small. */
export const BROUGHT: ReadonlyMap<string, string> = new Map(
  ['json', 'data', 'params', 'searchParams', 'retries'].map((name) => [name, 'fetch has none of that name']),
);
