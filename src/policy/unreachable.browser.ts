/** That is for the server's builds to say: in a browser the bundle would be too large. */
export function findUnreachable(_rules: readonly unknown[]): undefined {}
