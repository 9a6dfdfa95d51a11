/** How another router writes a parameter, and what to write instead. */
interface ForeignSyntax {
  readonly written: RegExp;
  readonly instead: (name: string, mark: string) => string;
}

const named = (name: string, mark = ''): string => `:${name.replaceAll('-', '_')}${mark === '?' ? '?' : ''}`;

/** Each expression has the groups `name` and `mark`. */
const FOREIGN: readonly ForeignSyntax[] = [
  {
    // OpenAPI, Spring, FastAPI, ASP.NET, API Gateway: `{id}`, `{id:int}`, `{id?}`, `{path*}`, `{*path}`. Not `{/:id}?`.
    written:
      /(?<!:[\w$]+)\$?\{\{?\s*(?<star>[*+]*)(?<name>[A-Za-z_][\w-]*)\s*(?<mark>(?:[:?*+=][^{}]*)?)\}+(?![?*+])/,
    instead: (name, mark) => (/^[*+]|^:path$/.test(mark) ? '*' : named(name, mark)),
  },
  {
    // Next.js, SvelteKit, Astro: `[id]`, `[...path]`, `[[id]]`, `[id=int]`.
    written: /\[{1,2}(?<mark>(?:\.{3})?)(?<name>[A-Za-z_][\w-]*)(?:=\w+)?\]{1,2}/,
    instead: (name, mark) => (mark === '' ? named(name) : '*'),
  },
  {
    // Flask: `<id>`, `<int:id>`, `<path:rest>`.
    written: /<(?:(?<mark>\w+)(?:\([^)]*\))?:)?(?<name>[A-Za-z_][\w-]*)>/,
    instead: (name, mark) => (mark === 'path' ? '*' : named(name)),
  },
  {
    // Remix, TanStack: `$id`, and `$` for the rest.
    written: /(?<=\/)\$(?<name>(?:[A-Za-z_]\w*)?)(?=\/|$)/,
    instead: (name) => (name === '' ? '*' : named(name)),
  },
  {
    // Express 5: `*path`.
    written: /(?<=\/)\*(?<name>[A-Za-z_]\w*)(?=\/|$)/,
    instead: () => '*',
  },
];

/** A group that needs no regular expression: `(1)`, `(id='a')`, `(:id)`. Not dots alone, which may stand for any characters. */
const CONSTANT = /^(?!\.+$)[\w\s=,:'"@%~/.;&!-]*$/;

/**
 * Why a host and path probably do not mean what URLPattern makes of them. URLPattern gives parameters of other routers, and
 * brackets, another meaning, so the rule would silently match nothing or something else. Undefined: there is nothing of this
 * kind. A backslash before a character says that the character itself is meant.
 */
export function foreignSyntax(text: string): string | undefined {
  const { outside, groups } = takeApart(text);
  for (const { written, instead } of FOREIGN) {
    const found = written.exec(outside);
    if (found === null) continue;
    const { name = '', mark = '', star = '' } = found.groups ?? {};
    return (
      `has ${JSON.stringify(found[0])}, which is no parameter here: write ${JSON.stringify(instead(name, star || mark))}; ` +
      `or, if URLs really have it, put a backslash before it`
    );
  }
  const constant = groups.find(({ isOwn, content }) => isOwn && CONSTANT.test(content));
  if (constant === undefined) return undefined;
  const { content } = constant;
  const meant = /^[/.]:/.test(content) ? `{${content}}?` : `\\(${content}\\)`;
  return `has "(${content})", which is a regular expression here: write ${JSON.stringify(meant)}`;
}

interface Group {
  readonly content: string;
  /** Whether the group stands alone: not the expression of a parameter, as in `:id(\\d+)`, not optional and not repeated. */
  readonly isOwn: boolean;
}

/**
 * The regular expressions in a pattern, and the rest of the pattern with escaped characters and expressions replaced by a space.
 */
function takeApart(text: string): { outside: string; groups: readonly Group[] } {
  const groups: Group[] = [];
  let outside = '';
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') {
      outside += ' ';
      at++;
    } else if (text[at] === '(') {
      const end = closing(text, at);
      if (end === text.length) break;
      const isOwn = !/:[\w$]+$/.test(outside) && !/[?*+]/.test(text[end + 1] ?? '');
      groups.push({ content: text.slice(at + 1, end), isOwn });
      outside += ' ';
      at = end;
    } else {
      outside += text[at];
    }
  }
  return { outside, groups };
}

/** The position of the bracket that closes the one at `from`. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return text.length;
}
