import type { CallUrl } from '../http/call-url.ts';
import { PolicyError } from '../model/errors.ts';
import { patternError, type UrlPattern, urlPattern } from '../platform/url-pattern.ts';
import { foreignSyntax } from './foreign-syntax.ts';
import { notAMethod } from './methods.ts';
import type { Rest } from './segment-tree.ts';

/** An endpoint rule's key, such as `'POST https://api.example/v1/charges/:id'`, taken apart and compiled. */
export interface EndpointPattern {
  /** Upper-case; undefined: every method. */
  readonly methods: ReadonlySet<string> | undefined;
  /** As `URL.origin` gives it; undefined: the pattern leaves some of it open. */
  readonly origin: string | undefined;
  /**
   * How the path of every URL that matches begins: whole segments, as `pathname.split('/')` gives them.
   * `undefined` stands for any one segment that is not empty.
   */
  readonly segments: readonly (string | undefined)[];
  /** What may follow them; `'more'` is something that only `test` can tell. */
  readonly rest: Rest;
  /** As URLPattern writes them. */
  readonly parts: Readonly<Record<'protocol' | 'hostname' | 'port' | 'pathname', string>>;
  /** Whether the pattern matches; the method, the query and the fragment are not looked at. */
  test(url: CallUrl): boolean;
}

const CREDENTIALS = /\/\/[^/?#]*@/;
/** Scheme, host and port without any pattern in them. */
const LITERAL_ORIGIN = /^https?:\/\/(?:[^\s/?#@\\*+:{}()]+|\[[\da-f:.]+\])(?::\d*)?(?=[/?#]|$)/i;
const SYNTAX = /[*+?:{}()\\]/g;
const ANY_SEGMENT = /^:[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const OPTIONAL_END = /^:[\p{ID_Continue}$\u200c\u200d]+[?*]$/u;

/** The path of an endpoint rule in messages. Credentials do not belong into a rule, and are not shown. */
export function rulePath(key: string): string {
  return `endpoints[${JSON.stringify(key.replace(CREDENTIALS, '//…@'))}]`;
}

/**
 * @param key methods if it is not for all of them, and a URL pattern
 * @throws PolicyError that shows the key and says what is wrong with it
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
  // Several kilobytes, and of no use where the index decides.
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
  // The polyfill takes `//a/b` for a host and a path. The dot keeps it from that, and goes away like any dot.
  return pattern.test({ protocol: protocol.slice(0, -1), hostname, port, pathname: `/.${path}` });
}

/** `%2f` is `%2F` (RFC 3986, section 6.2.2.1), but a URL keeps it as it was written. */
export function canonicalPath(path: string): string {
  return path.includes('%') ? path.replace(/%[\da-f]{2}/gi, (encoded) => encoded.toUpperCase()) : path;
}

function refuse(key: string, why: string): never {
  throw new PolicyError(rulePath(key), why);
}

/** The methods are what stands before the first word that has two slashes in it. */
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
 * Writes a literal origin as `URL` writes it. URLPattern itself refuses `[::1]`, for its colons, and a rule for
 * `[0:0::1]` or for port `080` would match nothing, because no URL looks like that.
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

/** Why a pattern that is valid as such is no good as a rule. */
function objection(pattern: UrlPattern, text: string): string | undefined {
  if (pattern.hostname === '') return 'has no host';
  if (!isWeb(pattern.protocol)) return 'must be for http or https';
  // `/:id?q=1` has no query for URLPattern: after a group, the question mark makes the group optional.
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
 * URLPattern takes each literal piece of a host for a host of its own, so that `node{1}?.example` becomes
 * `node{0.0.0.1}?.example`: every piece must still be as it was written (or be written in another script).
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
 * A modifier on a group makes the slash before it optional too: `/a/:b?c` matches `/ac`, so that `a` need not be
 * a whole segment. At the end of a pattern that is no matter: `/a/:b?` matches `/a` and `/a/b`.
 */
function mayLackSlash(rest: string): boolean {
  return /^[:(*]/.test(rest) && /\?|[^/]\*/.test(rest) && !OPTIONAL_END.test(rest);
}
