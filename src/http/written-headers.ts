/** Node's name for what shows an object on a console. */
const SHOW = Symbol.for('nodejs.util.inspect.custom');

interface Shown {
  [SHOW]?: (depth: number, options: object) => unknown;
}

/**
 * The pairs of a `Headers`, in the order and the case in which they were written: so `fetch` sends its own class's. To everybody else a
 * `Headers` lists its names sorted and in lower case; but Node shows them on a console as they were written. What is shown there and
 * does not agree with the list is not believed, and then the list has to do.
 */
export function writtenPairs(headers: Headers): [name: string, value: string][] {
  const listed = [...headers];
  if (listed.length < 1) return listed;
  const known = new Set(listed.map(([name]) => name));
  const names = shownNames(headers);
  const isBelieved = names.length === known.size && names.every((name) => known.has(name.toLowerCase()));
  return isBelieved ? names.map((name) => [name, headers.get(name) ?? '']) : listed;
}

/** Each header is shown as two texts: its value, here cut to nothing, then its name. */
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
