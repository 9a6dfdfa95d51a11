import type { UrlParts, UrlPattern } from './url-pattern.ts';

type UrlPatternClass = new (pattern: string | UrlParts) => UrlPattern;

/**
 * Makes the runtime's own URLPattern, because the polyfill would be a fifth of the bundle.
 *
 * @throws {TypeError} The text is no URL pattern, or the runtime has no URLPattern.
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

/** Why a text is no URL pattern, as the runtime says it. */
export function patternError(pattern: string): string | undefined {
  try {
    urlPattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
