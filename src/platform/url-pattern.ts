import { URLPattern as Polyfill } from 'urlpattern-polyfill/urlpattern';

/** The parts of the URLPattern standard that are used here. */
export interface UrlPattern {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
  test(url: UrlParts): boolean;
}
export type UrlParts = { protocol?: string; hostname?: string; port?: string; pathname?: string };

type UrlPatternClass = new (pattern: string | UrlParts) => UrlPattern;

/**
 * Makes a URLPattern: the runtime's own, or the polyfill's before Node 23.8.
 *
 * @throws {TypeError} The text is no URL pattern.
 */
export function urlPattern(pattern: string | UrlParts): UrlPattern {
  const native = (globalThis as { URLPattern?: UrlPatternClass }).URLPattern;
  return new (native ?? Polyfill)(pattern);
}

/**
 * Why a text is no URL pattern; undefined if only the runtime's own URLPattern refuses it. Node's error does not say why, so the
 * polyfill is asked.
 */
export function patternError(pattern: string): string | undefined {
  try {
    new Polyfill(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^Failed to construct 'URLPattern': /, '');
  }
}
