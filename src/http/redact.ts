/** The parts of a URL that may be shown. Credentials, query and fragment may not. */
export interface RedactableUrl {
  readonly origin: string;
  readonly pathname: string;
}

/** How events and reports show a URL. */
export type ShowUrl = (url: RedactableUrl, endpoint: string | undefined) => string;

/** The text that replaces a secret. */
const MASK = '***';

/**
 * The default of the option `redact`. A path may hold a secret, as in webhooks (`hooks.slack.com/services/T…/B…/…`). So if an
 * endpoint rule matches, the path of its pattern is shown instead. Otherwise segments that look like secrets are masked.
 *
 * @param endpoint the endpoint rule that matches, as the user wrote it
 */
export function redacted({ origin, pathname }: RedactableUrl, endpoint: string | undefined): string {
  const pattern = endpoint === undefined ? undefined : patternPath(endpoint);
  if (pattern !== undefined) return origin + pattern;
  // As most are. What it lets through, `masked` does, too.
  if (PLAIN.test(pathname)) return origin + pathname;
  return origin + pathname.split('/').map(masked).join('/');
}

/** A number that is not as long as that of a payment card, which has 13 to 19 digits … */
const NUMBER = /^\d{1,12}$/;
/** … and one that is, in groups, as people write it. */
const CARD = /^(?:\d[-_. ]?){13,}$/;
/** Short words of letters, such numbers, and versions. */
const PLAIN = /^(?:\/(?:[a-z]{1,15}|\d{1,12}|v\d{1,3})?)*$/;

/** The path of a pattern such as `POST https://api.pay.example/v1/:id`; undefined if the pattern is for every path. */
function patternPath(endpoint: string): string | undefined {
  const path = /:\/\/[^/]*(\/.*)$/.exec(endpoint)?.[1];
  return path === undefined || /^\/\*?$/.test(path) ? undefined : path;
}

/** Only a segment that consists of words, or is a short number, is shown. */
function masked(segment: string): string {
  const text = decoded(segment);
  return text.includes('@') || CARD.test(text) || text.split(/[-_.:~,;=!+ ]/).some(isOpaque) ? MASK : segment;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Whether a text looks random: long, with digits among its letters or capitals in its middle. So `customers`, `v1`, `2026` and
 * `invoiceItems` are words; the parts of a UUID or a token are not.
 */
function isOpaque(run: string): boolean {
  if (run.length < 6 || NUMBER.test(run)) return false;
  if (/^[a-z]+$/i.test(run)) return run.length >= 16 && !isWords(run);
  // A word may end in a year or a version.
  const word = /^([a-z]{3,})\d{1,4}$/i.exec(run)?.[1];
  return word === undefined || !(/^[A-Z]?[a-z]+$/.test(word) || isWords(word));
}

/** Whether a text is made of lower-case, capitalised or camel-case words: each has a vowel and the length of a word. */
function isWords(run: string): boolean {
  const words = run.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  const average = run.length / Math.max(1, words.length);
  return (
    words.join('') === run &&
    average >= 4 &&
    words.every((word) => word.length <= 22 && /[aeiouy]/i.test(word))
  );
}
