/** The text of a statement, and between it the index of each value: `a = $2` is `['a = ', 1, '']`. */
export function placeholders(text: string): (string | number)[] {
  return text.split(/\$(\d+)/).map((part, n) => (n % 2 === 0 ? part : Number(part) - 1));
}

/** The same statement for a driver that numbers no values: each `$n` is a `?`, and has its value in their order. */
export function positional(text: string, values: readonly unknown[]): { text: string; values: unknown[] } {
  const parts = placeholders(text);
  return {
    text: parts.map((part) => (typeof part === 'string' ? part : '?')).join(''),
    values: parts.filter((part) => typeof part === 'number').map((index) => values[index]),
  };
}
