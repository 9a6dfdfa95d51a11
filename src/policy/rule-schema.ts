import { METHOD_PATTERN } from './methods.ts';

const METHODS = `(?:\\s*${METHOD_PATTERN}(?:\\s*,\\s*${METHOD_PATTERN})*\\s+)?`;
/** A scheme that is http or https, or may be: `http{s}?`, `*`, `:scheme`. */
const SCHEME = '(?:[Hh][Tt][Tt][Pp][Ss]?|[^\\s/]*[{*:(][^\\s/]*)';
/** A query or a fragment, and the commonest parameters of other routers. */
const REFUSED = [
  '#',
  '\\?[\\w.-]+=',
  '/\\{[A-Za-z_]\\w*\\}(?:/|$)',
  '/\\[[A-Za-z_]\\w*\\](?:/|$)',
  '/<(?:\\w+:)?[A-Za-z_]\\w*>(?:/|$)',
  '/\\$[A-Za-z_]\\w*(?:/|$)',
];

/**
 * What the key of an endpoint rule looks like, as a regular expression for JSON Schema. It refuses no key that the validator
 * accepts; the validator says more, and why.
 */
export const RULE_PATTERN = `^${METHODS}\\s*${SCHEME}://(?![^/?#]*@)(?!${REFUSED.map((text) => `.*${text}`).join('|')})[^\\s/?#]`;
