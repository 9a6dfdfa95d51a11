/** What may be said of a URL: never its credentials, query or fragment. */
export interface RedactableUrl {
  readonly origin: string;
  readonly pathname: string;
}

/** How events and reports show a URL. */
export type ShowUrl = (url: RedactableUrl, endpoint: string | undefined) => string;

/** What stands in the place of a secret. */
const MASK = '***';

/**
 * A URL as events and reports show it. A path may hold a secret, as webhooks do (`hooks.slack.com/services/T…/B…/…`). So
 * where an endpoint rule matched, the path of its pattern is shown instead; elsewhere, segments that look like secrets
 * are masked.
 *
 * @param endpoint the endpoint rule that matched, as the user wrote it
 */
export function redacted({ origin, pathname }: RedactableUrl, endpoint: string | undefined): string {
  const pattern = endpoint === undefined ? undefined : patternPath(endpoint);
  return origin + (pattern ?? pathname.split('/').map(masked).join('/'));
}

/** The path of `POST https://api.pay.example/v1/:id`; undefined if it says nothing of the path. */
function patternPath(endpoint: string): string | undefined {
  const path = /:\/\/[^/]*(\/.*)$/.exec(endpoint)?.[1];
  return path === undefined || /^\/\*?$/.test(path) ? undefined : path;
}

/** Only a segment that reads like words, or a plain number, is shown whole. */
function masked(segment: string): string {
  const text = decoded(segment);
  return text.includes('@') || text.split(/[-_.:~,;=!+ ]/).some(isOpaque) ? MASK : segment;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * Whether a run of characters was made by chance: long, with digits among its letters or capitals in its middle. So
 * `customers`, `v1`, `2026`, `invoiceItems` are words, and a UUID's or a token's parts are not.
 */
function isOpaque(run: string): boolean {
  if (run.length < 6 || /^\d{1,19}$/.test(run) || /^[a-z]+$/i.test(run)) {
    return run.length >= 16 && !/^\d{1,19}$/.test(run) && !isWords(run);
  }
  // A year or a version at its end leaves a word a word.
  return !/^[a-z]{3,}\d{1,4}$/i.test(run);
}

/** Lower-case, capitalised or camel-case words, each with a vowel and no longer than words are. */
function isWords(run: string): boolean {
  const words = run.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [];
  const average = run.length / Math.max(1, words.length);
  return (
    words.join('') === run &&
    average >= 4 &&
    words.every((word) => word.length <= 22 && /[aeiouy]/i.test(word))
  );
}
