/** How many values of a kind get a series of their own. A scope function may name tenants, and a crawler calls every host. */
const MOST = 200;

/** Gives back the first 200 values that it is given; instead of all others, `other`. */
export function bounded(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= MOST) return 'other';
    known.add(value);
    return value;
  };
}

export const boundedScope = bounded();
