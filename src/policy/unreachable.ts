import type { CallUrl } from '../http/call-url.ts';
import { fileRules } from './endpoints.ts';
import type { EndpointPattern } from './pattern.ts';

/**
 * The first rule that no request can ever reach, because one before it takes everything; and that one.
 *
 * A rule is tried out with URLs that stand for all that it matches. A rule before it that matches them all matches
 * whatever it does. Where that can't be known, a rule counts as reachable.
 */
export function findUnreachable<Rule extends EndpointPattern>(
  rules: readonly Rule[],
): { readonly rule: Rule; readonly taken: Rule } | undefined {
  const filed = fileRules(rules);
  for (const [position, rule] of rules.entries()) {
    const urls = examplesOf(rule);
    const matchAll = urls
      .map((url) => filed(url).filter((earlier) => earlier.position < position && earlier.test(url)))
      .reduce((some, more) => some.filter((earlier) => more.includes(earlier)));
    const taken = matchAll.find((earlier) => takesMethods(earlier, rule) && canTell(earlier, rule));
    if (taken !== undefined) return { rule, taken };
  }
  return undefined;
}

function takesMethods({ methods: all }: EndpointPattern, { methods }: EndpointPattern): boolean {
  return all === undefined || (methods !== undefined && [...methods].every((method) => all.has(method)));
}

/** An expression may match the letters of an example, and yet not all that they stand for. */
function canTell({ parts: earlier }: EndpointPattern, { parts }: EndpointPattern): boolean {
  const names = ['protocol', 'hostname', 'port', 'pathname'] as const;
  return names.every(
    (name) =>
      !withoutEscapes(earlier[name]).includes('(') || earlier[name] === parts[name] || isLiteral(parts[name]),
  );
}

const withoutEscapes = (pattern: string) => pattern.replace(/\\./gs, '');
const isLiteral = (pattern: string) => !/[:*+?(){}]/.test(withoutEscapes(pattern));

/** Each part of a pattern is matched by itself, so that not every host has to be seen with every path. */
function examplesOf({ origin, parts }: EndpointPattern): CallUrl[] {
  const protocols = isLiteral(parts.protocol) ? [parts.protocol] : ['http', 'https'];
  const hostnames = examples(parts.hostname, '.', [LETTERS, `${LETTERS}.${LETTERS}`]);
  const ports = isLiteral(parts.port) ? [parts.port] : ['', '8443'];
  const pathnames = examples(parts.pathname, '/', ['', LETTERS, MANY]);
  const most = Math.max(protocols.length, hostnames.length, ports.length, pathnames.length);
  return Array.from({ length: most }, (_, index) => {
    const protocol = `${at(protocols, index)}:`;
    const hostname = at(hostnames, index);
    const port = at(ports, index);
    const pathname = at(pathnames, index);
    const host = origin ?? `${protocol}//${hostname}${port && `:${port}`}`;
    return { protocol, hostname, port, pathname, origin: host, href: host + pathname };
  });
}

function at(list: readonly string[], index: number): string {
  return list[Math.min(index, list.length - 1)] ?? '';
}

/** Nobody writes this into a rule. */
const LETTERS = 'zqxjkv';
const MANY = Array.from({ length: 12 }, () => LETTERS).join('/');
/** So many examples are looked at, and a few more. */
const MOST = 81;
const PIECE = /\\.|(?::[\p{ID_Start}$_][\p{ID_Continue}$]*|\*)[?*+]?|./gsu;
/** What may follow a name or a star, and what begins a group or an expression. */
const SPECIAL = /^[({]|^(?::|\*).*[?*+]$/s;

/** What a part of a pattern matches, with `any` for each `*`. */
function examples(pattern: string, separator: string, any: readonly string[]): string[] {
  let found = [''];
  for (const [piece] of pattern.matchAll(PIECE)) {
    if (SPECIAL.test(piece) || found.length > MOST) {
      // Optional (and the separator before it too), repeated, or an expression: whatever follows is no more than this.
      const before = found.map((text) => (text.endsWith(separator) ? text.slice(0, -1) : text));
      return [
        ...before,
        ...before.flatMap((text) => [separator + any.at(-1), LETTERS + any.at(-1)].map((end) => text + end)),
      ];
    }
    const choices = piece === '*' ? any : [piece.startsWith(':') ? LETTERS : piece.replace(/^\\(?=.)/s, '')];
    found = found.flatMap((text) => choices.map((choice) => text + choice));
  }
  return found;
}
