/** Only the builds for servers give this help: in a browser it would make the bundle too large. */
export function foreignSyntax(_text: string): undefined {}
