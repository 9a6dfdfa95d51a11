/** The method of an object that Node's console calls to show it. */
const SHOW = Symbol.for('nodejs.util.inspect.custom');

interface Shown {
  [SHOW]?: (depth: number, options: object) => unknown;
}

/**
 * The pairs of a `Headers` in the order and case in which they were written, as `fetch` sends Headers of its own class. The
 * standard way to read a `Headers` gives sorted names in lower case. But Node's console shows the names as they were written, so
 * they are read from there. If these names do not agree with the standard list, the standard list is returned.
 */
export function writtenPairs(headers: Headers): [name: string, value: string][] {
  const listed = [...headers];
  if (listed.length < 1) return listed;
  const known = new Set(listed.map(([name]) => name));
  const names = shownNames(headers);
  const isBelieved = names.length === known.size && names.every((name) => known.has(name.toLowerCase()));
  return isBelieved ? names.map((name) => [name, headers.get(name) ?? '']) : listed;
}

/** The names as the console shows them. Each header is shown as two texts: its value, here cut to nothing, then its name. */
function shownNames(headers: Headers): string[] {
  const names: string[] = [];
  let isName = true;
  const stylize = (text: string, kind: string) => {
    isName = !isName;
    if (isName) names.push(kind === 'name' ? text : text.slice(1, -1));
    return text;
  };
  const show = (headers as Shown)[SHOW];
  show?.call(headers, 1, { depth: 1, maxStringLength: 0, breakLength: Number.POSITIVE_INFINITY, stylize });
  return names;
}
