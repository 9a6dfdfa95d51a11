/** What the header said. */
export type KeyHeader =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'missing' }
  /** `why` completes "the header …". */
  | { readonly kind: 'malformed'; readonly why: string };

const LONGEST_KEY = 255;

/**
 * Reads an idempotency key: a structured-field string (`"…"`, RFC 9651, section 3.3.3), as the IETF draft has it, or the
 * bare visible ASCII that most clients send. Both spell the same key. A key that is too long is refused, never cut.
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

const unquote = (text: string) =>
  /^"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"$/.test(text)
    ? text.slice(1, -1).replace(/\\(["\\])/g, '$1')
    : undefined;
