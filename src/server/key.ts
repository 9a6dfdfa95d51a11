/** What the header said. */
export type KeyHeader =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'missing' }
  /** `why` completes "the header …". */
  | { readonly kind: 'malformed'; readonly why: string };

const LONGEST_KEY = 255;

/**
 * Reads an idempotency key: a structured-field string (`"…"`, RFC 9651, section 3.3.3), as the IETF draft has it, or the
 * bare visible ASCII that most clients send. Both spell the same key. Parameters after the string are an Item's right,
 * and mean nothing here. A key that is too long is refused, never cut.
 *
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function parseKey(header: string | null | undefined): KeyHeader {
  const text = header?.trim();
  if (text === undefined) return { kind: 'missing' };
  const key = text.startsWith('"') ? unquote(text) : bare(text);
  if (key === undefined || key === '')
    return {
      kind: 'malformed',
      why: 'must be one key: visible ASCII, or a structured-field string in quotes',
    };
  if (key.length > LONGEST_KEY)
    return { kind: 'malformed', why: `has ${key.length} characters; it must have at most ${LONGEST_KEY}` };
  return { kind: 'key', key };
}

/** Two headers arrive joined by a comma and a space, which neither form allows: they are refused, not chosen from. */
const bare = (text: string) => (/^[\x21-\x7e]*$/.test(text) ? text : undefined);

/** RFC 9651, section 3.1.2: `;name`, or `;name=` and an item that is bare: no string, number or token holds more. */
const PARAMETERS =
  /(?:; *[a-z*][a-z\d_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|:[A-Za-z\d+/=]*:|\?[01]|@?-?\d+(?:\.\d+)?|[A-Za-z*][!#$%&'*+.^_`|~\dA-Za-z:/-]*))?)*/;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/;
const ITEM = new RegExp(`^${STRING.source}${PARAMETERS.source}$`);

const unquote = (text: string) => ITEM.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1');
