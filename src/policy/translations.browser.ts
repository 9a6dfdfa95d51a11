/** In a browser "did you mean" has to do: with the table of other libraries' names the bundle would be too large. */
export function translate(_name: string, _place: string): undefined {}
