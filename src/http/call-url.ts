import { Recent } from '../platform/recent.ts';

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

/** A query in which a URL would change nothing. */
const PLAIN_QUERY = /^\?[!$-&(-;=?-~]*$/;
/** Longer than `https://` is nothing that comes before a host. */
const HOST = 'https://'.length;

/**
 * A URL that is written as `URL` would write it, as most are, so that its parts can be cut out of it. That costs less than
 * to parse it (`npm run bench:tricks`), and leaves less behind for whoever keeps the response.
 */
class PlainUrl implements CallUrl {
  readonly href: string;
  readonly origin: string;

  constructor(href: string, origin: string) {
    this.href = href;
    this.origin = origin;
  }

  get pathname(): string {
    const from = this.origin.length;
    const query = this.href.indexOf('?', from);
    return this.href.slice(from, query === -1 ? this.href.length : query);
  }
  get protocol(): string {
    return this.href.slice(0, this.href.indexOf(':') + 1);
  }
  get hostname(): string {
    return new URL(this.origin).hostname;
  }
  get port(): string {
    return new URL(this.origin).port;
  }
}

/** Undefined if it has to be parsed: it is no URL of HTTP, or not written as `URL` would write it. */
export function plainUrl(href: string): CallUrl | undefined {
  const path = href.indexOf('/', HOST);
  if (path === -1) return undefined;
  const written = href.slice(0, path);
  const origin = canonicalOrigin(written);
  // The same: so it has no credentials, no default port, and nothing that is written in another way.
  if (origin !== written) return undefined;
  const query = href.indexOf('?', path);
  const isPlain =
    query === -1
      ? PLAIN.test(href.slice(path))
      : PLAIN.test(href.slice(path, query)) && PLAIN_QUERY.test(href.slice(query));
  return isPlain ? new PlainUrl(href, origin) : undefined;
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
