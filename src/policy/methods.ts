import { PolicyError } from '../model/errors.ts';
import { type Check, described, fail, isToken, list } from '../options/checks.ts';
import { closest } from '../options/suggest.ts';

/**
 * All methods that a request can have, by which misspelt ones are recognised: the methods of the registry, and others that HTTP
 * servers know. CONNECT is not among them, because no policy ever sees a CONNECT.
 * @see https://www.iana.org/assignments/http-methods/
 */
export const METHODS: readonly string[] = [
  ...['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'],
  ...['ACL', 'BASELINE-CONTROL', 'BIND', 'CHECKIN', 'CHECKOUT', 'COPY', 'LABEL', 'LINK', 'LOCK', 'MERGE'],
  ...['MKACTIVITY', 'MKCALENDAR', 'MKCOL', 'MKREDIRECTREF', 'MKWORKSPACE', 'MOVE', 'ORDERPATCH', 'PROPFIND'],
  ...['PROPPATCH', 'REBIND', 'REPORT', 'SEARCH', 'UNBIND', 'UNCHECKOUT', 'UNLINK', 'UNLOCK', 'UPDATE'],
  ...['UPDATEREDIRECTREF', 'VERSION-CONTROL', 'M-SEARCH', 'NOTIFY', 'PURGE', 'SOURCE', 'SUBSCRIBE'],
  'UNSUBSCRIBE',
];
const known: ReadonlySet<string> = new Set(METHODS);

/** The same as a regular expression for JSON Schema, which has no flag to ignore case. */
export const METHOD_PATTERN = `(?:${METHODS.map((name) => name.replace(/[A-Z]/g, (letter) => `[${letter}${letter.toLowerCase()}]`)).join('|')})`;

/** Why a word is not the name of a method, in any case; undefined: it is one. */
export function notAMethod(word: string): string | undefined {
  const upper = word.toUpperCase();
  if (known.has(upper)) return undefined;
  if (upper === 'CONNECT') return 'CONNECT opens a tunnel, which no policy ever sees';
  const meant = closest(upper, METHODS);
  return `${JSON.stringify(word)} is no HTTP method${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

const checkMethod: Check<string> = described(
  { type: 'string', pattern: `^${METHOD_PATTERN}$` },
  (value, path) => {
    if (!isToken(value)) return fail(path, 'an HTTP method', value);
    const why = notAMethod(value);
    if (why !== undefined) throw new PolicyError(path, `must be an HTTP method: ${why}`);
    return value;
  },
);

/** Checks a list of methods, in any case. */
export const checkMethods: Check<readonly string[]> = list('an array of HTTP methods', checkMethod);
