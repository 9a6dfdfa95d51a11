import type { UrlParts, UrlPattern } from './url-pattern.ts';

type UrlPatternClass = new (pattern: string | UrlParts) => UrlPattern;

/**
 * The runtime's own: bundled, the polyfill would be a fifth of it.
 *
 * @throws {TypeError} It is no pattern, or the runtime has none.
 */
export function urlPattern(pattern: string | UrlParts): UrlPattern {
  const { URLPattern } = globalThis as { URLPattern?: UrlPatternClass };
  if (URLPattern === undefined) {
    throw new TypeError(
      "this runtime has no URLPattern: import 'urlpattern-polyfill' before the client is made",
    );
  }
  return new URLPattern(pattern);
}

/** What the runtime says. */
export function patternError(pattern: string): string | undefined {
  try {
    urlPattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
