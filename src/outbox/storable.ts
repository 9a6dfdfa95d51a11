/** Whether PostgreSQL can store a text, also in JSON: it knows neither NUL nor half a surrogate pair. */
export function isStorable(text: string): boolean {
  return !/[\0\p{Cs}]/u.test(text);
}
