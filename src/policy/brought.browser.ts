/** The names of `brought.ts`. In a browser one sentence serves all of them, to keep the bundle small. */
export const BROUGHT: ReadonlyMap<string, string> = new Map(
  ['json', 'data', 'params', 'searchParams', 'retries', 'attempts', 'header', 'abortSignal'].map((name) => [
    name,
    'unknown to fetch',
  ]),
);
