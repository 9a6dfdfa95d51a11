/** The result of reading the key's header. */
export type KeyHeader =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'missing' }
  /** `why` completes the sentence "the header …". */
  | { readonly kind: 'malformed'; readonly why: string };

const LONGEST_KEY = 255;

/**
 * Reads an idempotency key: a structured-field string (`"…"`, RFC 9651, section 3.3.3) as in the IETF draft, or the bare visible
 * ASCII that most clients send. Both forms give the same key. Parameters after the string are valid and ignored. A key that is
 * too long is refused; keys are never cut.
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

/** Two headers arrive joined by a comma and a space. Neither form allows these, so such a value is refused. */
const bare = (text: string) => (/^[\x21-\x7e]*$/.test(text) ? text : undefined);

/** RFC 9651, section 3.1.2: `;name`, or `;name=` and a bare item (a string, number, token, boolean, date or byte sequence). */
const PARAMETERS =
  /(?:; *[a-z*][a-z\d_.*-]*(?:=(?:"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|:[A-Za-z\d+/=]*:|\?[01]|@?-?\d+(?:\.\d+)?|[A-Za-z*][!#$%&'*+.^_`|~\dA-Za-z:/-]*))?)*/;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/;
const ITEM = new RegExp(`^${STRING.source}${PARAMETERS.source}$`);

const unquote = (text: string) => ITEM.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1');
