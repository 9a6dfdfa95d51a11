/** Only the builds for servers make this check: in a browser it would make the bundle too large. */
export function findUnreachable(_rules: readonly unknown[]): undefined {}
