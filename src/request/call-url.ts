import { Recent } from '../policy/recent.ts';

/** What of a request's URL is looked at. */
export type CallUrl = Pick<URL, 'href' | 'origin' | 'protocol' | 'hostname' | 'port' | 'pathname'>;

/** A path in which a URL would change nothing: plain characters, no segment that begins with a dot, no query. */
const PLAIN = /^(?:\/(?:[\w~-][\w.~-]*)?)+$/;

/** Where a request goes, as a dispatcher is told it. The whole URL is only made if somebody has to look at it. */
export class DispatchUrl implements CallUrl {
  readonly origin: string;
  readonly #path: string;
  #whole: URL | undefined;

  /** @param origin as `URL.origin` gives it */
  constructor(origin: string, path: string) {
    this.origin = origin;
    this.#path = path;
  }

  get href(): string {
    return this.#url.href;
  }
  get protocol(): string {
    return this.#url.protocol;
  }
  get hostname(): string {
    return this.#url.hostname;
  }
  get port(): string {
    return this.#url.port;
  }
  get pathname(): string {
    return this.#whole === undefined && PLAIN.test(this.#path) ? this.#path : this.#url.pathname;
  }

  get #url(): URL {
    // Not `new URL(path, origin)`: a path may begin with two slashes.
    this.#whole ??= new URL(this.origin + this.#path);
    return this.#whole;
  }
}

const origins = new Recent<{ readonly origin: string }>();
let latest = { given: '', origin: '' };

/** The origin as `URL.origin` gives it; undefined if it is none, or not of HTTP. */
export function canonicalOrigin(given: string): string | undefined {
  // To compare costs less than to look up: undici makes the string anew for each request, so it would have to be hashed.
  if (given === latest.given) return latest.origin;
  const known = origins.get(given);
  if (known !== undefined) {
    latest = { given, origin: known.origin };
    return known.origin;
  }
  if (!URL.canParse(given)) return undefined;
  const { protocol, origin } = new URL(given);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  origins.set(given, { origin });
  return origin;
}
