import { Recent } from '../platform/recent.ts';

/** The parts of a request's URL that the client looks at. */
export type CallUrl = Pick<URL, 'href' | 'origin' | 'protocol' | 'hostname' | 'port' | 'pathname'>;

/** A path that `URL` leaves unchanged: plain characters, no segment that begins with a dot, no query. */
const PLAIN = /^(?:\/(?:[\w~-][\w.~-]*)?)+$/;

/** The target of a request, from a dispatcher's origin and path. The whole URL is parsed only if a part of it is asked for. */
export class DispatchUrl implements CallUrl {
  readonly origin: string;
  readonly #path: string;
  #whole: URL | undefined;

  /** @param origin in the form of `URL.origin` */
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
    // Not `new URL(path, origin)`, because a path may begin with two slashes.
    this.#whole ??= new URL(this.origin + this.#path);
    return this.#whole;
  }
}

/** A query that `URL` leaves unchanged. */
const PLAIN_QUERY = /^\?[!$-&(-;=?-~]*$/;
/** The host begins at this position at the latest. */
const HOST = 'https://'.length;

/**
 * A URL that is written as `URL` would write it, as most URLs are. Its parts are cut out of the string. That is cheaper than
 * parsing (`npm run bench:tricks`), and takes less memory for as long as the response is kept.
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

/** The URL, if it need not be parsed; undefined if it is not http(s), or not written as `URL` would write it. */
export function plainUrl(href: string): CallUrl | undefined {
  const path = href.indexOf('/', HOST);
  if (path === -1) return undefined;
  const written = href.slice(0, path);
  const origin = canonicalOrigin(written);
  // An equal origin has no credentials and no default port.
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

/** The origin in the form of `URL.origin`; undefined if `given` is not an http(s) URL. */
export function canonicalOrigin(given: string): string | undefined {
  // A comparison is cheaper than a lookup: undici makes a new string for each request, and a Map would hash it each time.
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
