import type { CallUrl } from '../http/call-url.ts';
import { fileRules } from './endpoints.ts';
import type { EndpointPattern } from './pattern.ts';

/**
 * The first rule that no request can ever reach, because an earlier rule matches all its requests; and that earlier rule.
 *
 * Each rule is tried with example URLs that represent all URLs of the rule. An earlier rule that matches all examples matches all
 * URLs of the rule. Where that is uncertain, the rule counts as reachable.
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

/**
 * Whether the examples are conclusive. An earlier rule with a regular expression may match an example, but not all that the
 * example stands for.
 */
function canTell({ parts: earlier }: EndpointPattern, { parts }: EndpointPattern): boolean {
  const names = ['protocol', 'hostname', 'port', 'pathname'] as const;
  return names.every(
    (name) =>
      !withoutEscapes(earlier[name]).includes('(') || earlier[name] === parts[name] || isLiteral(parts[name]),
  );
}

const withoutEscapes = (pattern: string) => pattern.replace(/\\./gs, '');
const isLiteral = (pattern: string) => !/[:*+?(){}]/.test(withoutEscapes(pattern));

/**
 * URLs that represent all URLs of the pattern. The parts are matched independently, so not every host is tried with every path.
 */
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

/** A text that no rule is likely to contain. */
const LETTERS = 'zqxjkv';
const MANY = Array.from({ length: 12 }, () => LETTERS).join('/');
/** The number of examples at which no more alternatives are added. */
const MOST = 81;
const PIECE = /\\.|(?::[\p{ID_Start}$_][\p{ID_Continue}$]*|\*)[?*+]?|./gsu;
/** A name or star with a modifier, or the beginning of a group or an expression. */
const SPECIAL = /^[({]|^(?::|\*).*[?*+]$/s;

/** Examples of what a part of a pattern matches, with each text of `any` for each `*`. */
function examples(pattern: string, separator: string, any: readonly string[]): string[] {
  let found = [''];
  for (const [piece] of pattern.matchAll(PIECE)) {
    if (SPECIAL.test(piece) || found.length > MOST) {
      // From an optional (with its separator), repeated or regular-expression piece on, these examples stand for all that
      // follows.
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
