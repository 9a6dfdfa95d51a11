import { METHOD_PATTERN } from './methods.ts';

const METHODS = `(?:\\s*${METHOD_PATTERN}(?:\\s*,\\s*${METHOD_PATTERN})*\\s+)?`;
/** A scheme that is http or https, or a pattern that may match these: `http{s}?`, `*`, `:scheme`. */
const SCHEME = '(?:[Hh][Tt][Tt][Pp][Ss]?|[^\\s/]*[{*:(][^\\s/]*)';
/** A query or a fragment, and the most common parameters of other routers. */
const REFUSED = [
  '#',
  '\\?[\\w.-]+=',
  '/\\{[A-Za-z_]\\w*\\}(?:/|$)',
  '/\\[[A-Za-z_]\\w*\\](?:/|$)',
  '/<(?:\\w+:)?[A-Za-z_]\\w*>(?:/|$)',
  '/\\$[A-Za-z_]\\w*(?:/|$)',
];

/**
 * The form of an endpoint rule's key, as a regular expression for JSON Schema. The expression refuses no key that the validator
 * accepts. The validator refuses more keys, and says why.
 */
export const RULE_PATTERN = `^${METHODS}\\s*${SCHEME}://(?![^/?#]*@)(?!${REFUSED.map((text) => `.*${text}`).join('|')})[^\\s/?#]`;
