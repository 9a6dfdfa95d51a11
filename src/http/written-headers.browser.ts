/** A browser sends the names of headers in its own order and case, so the list is enough. */
export const writtenPairs = (headers: Headers): [name: string, value: string][] => [...headers];
