import { URLPattern as Polyfill } from 'urlpattern-polyfill/urlpattern';

/** What is used here of the URLPattern standard. */
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
 * The runtime's own, or the polyfill's: Node has had one since version 23.8.
 *
 * @throws {TypeError} It is no pattern.
 */
export function urlPattern(pattern: string | UrlParts): UrlPattern {
  const native = (globalThis as { URLPattern?: UrlPatternClass }).URLPattern;
  return new (native ?? Polyfill)(pattern);
}

/** Why it is no pattern: Node's own does not say, the polyfill does. Undefined if only the runtime's cannot read it. */
export function patternError(pattern: string): string | undefined {
  try {
    new Polyfill(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return message.replace(/^Failed to construct 'URLPattern': /, '');
  }
}
