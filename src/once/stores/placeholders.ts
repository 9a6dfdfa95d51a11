/** The parts of a statement's text, and between them the index of each value: `a = $2` becomes `['a = ', 1, '']`. */
export function placeholders(text: string): (string | number)[] {
  return text.split(/\$(\d+)/).map((part, n) => (n % 2 === 0 ? part : Number(part) - 1));
}

/** The same statement for a driver without numbered values: each `$n` becomes a `?`, and the values are in that order. */
export function positional(text: string, values: readonly unknown[]): { text: string; values: unknown[] } {
  const parts = placeholders(text);
  return {
    text: parts.map((part) => (typeof part === 'string' ? part : '?')).join(''),
    values: parts.filter((part) => typeof part === 'number').map((index) => values[index]),
  };
}
