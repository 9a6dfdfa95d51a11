/** A browser gets "did you mean" only: the table of other libraries' names would make the bundle too large. */
export function translate(_name: string, _place: string): undefined {}
