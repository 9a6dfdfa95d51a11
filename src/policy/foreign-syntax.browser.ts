/** That is for the server's builds to say: in a browser the bundle would be too large. */
export function foreignSyntax(_text: string): undefined {}
