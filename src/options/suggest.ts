/** The path of the option that was probably meant: a misspelt name, or a right name in the wrong place. */
export function suggestion(
  name: string,
  /** The path of the object that has the name, and the names that it may have. */
  place: string,
  siblings: readonly string[],
  /** The paths of all options. */
  paths: readonly string[],
): string | undefined {
  const near = closest(name, siblings);
  if (near !== undefined) return place === '' ? near : `${place}.${near}`;
  return paths.find((path) => path.slice(path.lastIndexOf('.') + 1).toLowerCase() === name.toLowerCase());
}

/** The nearest name, ignoring case. A name is near if at most one letter in three is wrong. */
export function closest(name: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const slips = distance(name.toLowerCase(), candidate.toLowerCase());
    if (slips < least) {
      best = candidate;
      least = slips;
    }
  }
  return best;
}

/**
 * The number of letters to insert, delete, replace, or swap with a neighbour.
 * @see https://en.wikipedia.org/wiki/Damerau%E2%80%93Levenshtein_distance (optimal string alignment)
 */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, column) => column)];
  const cost = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        cost(row - 1, column) + 1,
        cost(row, column - 1) + 1,
        cost(row - 1, column - 1) + (same ? 0 : 1),
        swapped ? cost(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
  }
  return cost(from.length, to.length);
}
