import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';
import { patternError, type UrlPattern, urlPattern } from '../platform/url-pattern.ts';
import { foreignSyntax } from './foreign-syntax.ts';
import { notAMethod } from './methods.ts';
import type { Rest } from './segment-tree.ts';

/** The key of an endpoint rule, such as `'POST https://api.example/v1/charges/:id'`, taken apart and compiled. */
export interface EndpointPattern {
  /** Methods in upper case; undefined: every method. */
  readonly methods: ReadonlySet<string> | undefined;
  /** The origin, in the form of `URL.origin`; undefined: the pattern leaves a part of the origin open. */
  readonly origin: string | undefined;
  /**
   * The first segments of the path of every URL that matches: whole segments, in the form of `pathname.split('/')`. `undefined`
   * stands for any one segment that is not empty.
   */
  readonly segments: readonly (string | undefined)[];
  /** What may follow these segments. `'more'`: only `test` can tell. */
  readonly rest: Rest;
  /** The parts of the pattern, as URLPattern writes them. */
  readonly parts: Readonly<Record<'protocol' | 'hostname' | 'port' | 'pathname', string>>;
  /** Whether the pattern matches. Method, query and fragment are ignored. */
  test(url: CallUrl): boolean;
}

const CREDENTIALS = /\/\/[^/?#]*@/;
/** A scheme, host and port without any pattern syntax. */
const LITERAL_ORIGIN = /^https?:\/\/(?:[^\s/?#@\\*+:{}()]+|\[[\da-f:.]+\])(?::\d*)?(?=[/?#]|$)/i;
const SYNTAX = /[*+?:{}()\\]/g;
const ANY_SEGMENT = /^:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const OPTIONAL_END = /^:[\p{ID_Continue}$\u200c\u200d]+[?*]$/u;

/** The path of an endpoint rule for messages, without credentials. (A rule must not have any.) */
export function rulePath(key: string): string {
  return `endpoints[${JSON.stringify(key.replace(CREDENTIALS, '//…@'))}]`;
}

/**
 * @param key a URL pattern, with methods in front unless the rule is for all methods
 * @throws {PolicyError} The key is wrong. The message shows it and says why.
 */
export function parseEndpoint(key: string): EndpointPattern {
  const { methods, source } = splitMethods(key);
  if (CREDENTIALS.test(source)) refuse(key, 'must not have a user or password: they are never looked at');
  if (!source.includes('//')) refuse(key, 'must be absolute, such as "POST https://api.example/v1/charges"');

  const foreign = foreignSyntax(source.slice(source.indexOf('//') + 2));
  if (foreign !== undefined) refuse(key, foreign);
  const { text, origin } = canonical(source, key);
  const pattern = compile(text, key);
  const why = objection(pattern, text);
  if (why !== undefined) refuse(key, why);
  const { protocol, hostname, port, pathname } = pattern;
  const leading = leadingSegments(pathname, origin);
  // A compiled pattern takes several kilobytes, so it is not kept if the index alone decides.
  let kept = leading.rest === 'more' ? pattern : undefined;
  return {
    methods,
    origin,
    ...leading,
    parts: { protocol, hostname, port, pathname },
    test: (url) => {
      kept ??= compile(text, key);
      return matches(kept, url);
    },
  };
}

function matches(pattern: UrlPattern, { protocol, hostname, port, pathname }: CallUrl): boolean {
  const path = canonicalPath(pathname);
  // The polyfill reads `//a/b` as a host and a path. The dot prevents that, and is removed from the path like any dot.
  return pattern.test({ protocol: protocol.slice(0, -1), hostname, port, pathname: `/.${path}` });
}

/** Writes percent-encodings in upper case: `%2f` and `%2F` are equal (RFC 3986, section 6.2.2.1), but a URL keeps the case. */
export function canonicalPath(path: string): string {
  return path.includes('%') ? path.replace(/%[\da-f]{2}/gi, (encoded) => encoded.toUpperCase()) : path;
}

function refuse(key: string, why: string): never {
  throw new PolicyError(rulePath(key), why);
}

/** Splits the methods from the URL pattern, which begins at the first word with two slashes. */
function splitMethods(key: string): { methods: ReadonlySet<string> | undefined; source: string } {
  const [, before = '', source = key.trim()] = /^(.*?)(\S*\/\/.*)$/s.exec(key.trim()) ?? [];
  const list = before.trim();
  if (list === '') return { methods: undefined, source };
  const methods = new Set<string>();
  for (const word of list.split(/\s*,\s*/)) {
    if (!/^[\w-]+$/.test(word)) {
      refuse(
        key,
        `must begin with methods, as in "GET,HEAD https://…", or with none to match all, got ${JSON.stringify(list)}`,
      );
    }
    const why = notAMethod(word);
    if (why !== undefined) refuse(key, `can never apply: ${why}`);
    methods.add(word.toUpperCase());
  }
  return { methods, source };
}

/**
 * Writes a literal origin in the form that `URL` gives it. URLPattern refuses `[::1]` because of its colons. A rule for
 * `[0:0::1]` or for port `080` would match nothing, because no URL has that form.
 */
function canonical(source: string, key: string): { text: string; origin: string | undefined } {
  const [literal] = LITERAL_ORIGIN.exec(source) ?? [];
  if (literal === undefined) return { text: canonicalPath(source), origin: undefined };
  if (!URL.canParse(literal)) refuse(key, `has no valid host: ${literal}`);
  const { protocol, hostname, port, origin } = new URL(literal);
  const host = hostname.replace(SYNTAX, '\\$&') + (port === '' ? '' : `:${port}`);
  return { text: `${protocol}//${host}${canonicalPath(source.slice(literal.length))}`, origin };
}

function compile(text: string, key: string): UrlPattern {
  try {
    return urlPattern(text);
  } catch {
    return refuse(key, `is not a URL pattern: ${patternError(text) ?? 'the runtime cannot read it'}`);
  }
}

/** Why a valid URL pattern can't be a rule; undefined: it can. */
function objection(pattern: UrlPattern, text: string): string | undefined {
  if (pattern.hostname === '') return 'has no host';
  if (!isWeb(pattern.protocol)) return 'must be for http or https';
  // In `/:id?q=1` URLPattern sees no query: after a group, the question mark makes the group optional.
  if (pattern.search !== '*' || pattern.hash !== '*' || /\?[\w.-]+=/.test(pattern.pathname)) {
    return 'must not have a query or fragment: only method, origin and path are looked at';
  }
  if (isMangled(pattern.hostname, text)) return `has a host that URLPattern reads as ${pattern.hostname}`;
  return undefined;
}

function isWeb(protocol: string): boolean {
  if (protocol === 'https' || protocol === 'http') return true;
  const pattern = urlPattern({ protocol });
  return pattern.test({ protocol: 'https' }) || pattern.test({ protocol: 'http' });
}

/**
 * URLPattern canonicalises each literal piece of a host as a host of its own, so that `node{1}?.example` becomes
 * `node{0.0.0.1}?.example`. So every piece must still be found in the text as it was written. Hosts in other scripts are exempt.
 */
function isMangled(hostname: string, text: string): boolean {
  if (!/^[ -~]*$/.test(text)) return false;
  const written = text.toLowerCase();
  return hostname.split(/[^a-z\d.-]+/).some((piece) => !written.includes(piece));
}

function leadingSegments(
  pathname: string,
  origin: string | undefined,
): Pick<EndpointPattern, 'segments' | 'rest'> {
  const known: (string | undefined)[] = [];
  const segments = pathname.split('/');
  for (const [at, segment] of segments.entries()) {
    if (ANY_SEGMENT.test(segment)) {
      known.push(undefined);
    } else if (segment.replace(/\\./g, '').search(SYNTAX) === -1) {
      known.push(segment.replace(/\\(.)/g, '$1'));
    } else {
      const rest = segments.slice(at).join('/');
      if (mayLackSlash(rest)) known.pop();
      else if (rest === '*' && origin !== undefined) return { segments: known, rest: 'anything' };
      return { segments: known, rest: 'more' };
    }
  }
  if (origin === undefined) return { segments: known, rest: 'more' };
  if (known.at(-1) !== undefined) return { segments: known, rest: 'nothing' };
  return { segments: known.slice(0, -1), rest: 'segment' };
}

/**
 * A modifier on a group makes the slash before the group optional too: `/a/:b?c` matches `/ac`, so `a` is not always a whole
 * segment. At the end of a pattern this does not matter: `/a/:b?` matches `/a` and `/a/b`.
 */
function mayLackSlash(rest: string): boolean {
  return /^[:(*]/.test(rest) && /\?|[^/]\*/.test(rest) && !OPTIONAL_END.test(rest);
}
