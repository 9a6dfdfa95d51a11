import { PolicyError } from '../model/errors.ts';
import type { FetchInit } from '../model/options.ts';

/** What says what a request is, and nothing of who sends it. */
const ALLOWED = [
  'accept',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'if-match',
  'if-none-match',
  'prefer',
  'traceparent',
  'tracestate',
  'user-agent',
];

/** Credentials are never stored, whatever the allow-list says. */
const SECRET =
  /^(?:cookie|authorization|proxy-authorization|.*-?(?:api-?key|token|secret|signature|password))$/;
/** The same in a query string: OAuth's names, those of signed URLs of AWS, Google and Azure, and common ones. */
const SECRET_PARAMETER =
  /^(?:(?:(?:access|auth|id|refresh|security|session)[-_]?)?token|api[-_]?key|(?:client[-_]?)?secret|password|passwd|sig|signature|x-amz-(?:signature|security-token)|x-goog-signature|hmac|jwt)$/i;

/** The names that may be stored, lower-case. @throws PolicyError for one that stands for a credential. */
export function allowList(more: readonly string[]): ReadonlySet<string> {
  for (const [at, name] of more.entries()) {
    if (SECRET.test(name.toLowerCase())) {
      throw new PolicyError(
        `headers[${at}]`,
        `must not be a credential, got ${JSON.stringify(name)}: ${ADVICE}`,
      );
    }
  }
  return new Set([...ALLOWED, ...more.map((name) => name.toLowerCase())]);
}

/** Nothing is dropped in silence: a header that may not be stored is refused before the commit. */
export function storedHeaders(headers: FetchInit['headers'], allowed: ReadonlySet<string>): Headers {
  const given = new Headers(headers ?? {});
  for (const name of given.keys()) {
    if (allowed.has(name)) continue;
    throw new PolicyError(
      `headers.${name}`,
      SECRET.test(name)
        ? `is never stored: ${ADVICE}`
        : name === 'idempotency-key'
          ? 'belongs in idempotencyKey'
          : 'is not stored; allow it with the option headers, or set it in prepare',
    );
  }
  return given;
}

/** @throws PolicyError A credential is in the URL. */
export function checkUrl(url: URL): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new PolicyError('url', `must be an http or https URL, got ${url.protocol}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new PolicyError('url', `must not hold a user name or password: ${ADVICE}`);
  }
  for (const name of url.searchParams.keys()) {
    if (SECRET_PARAMETER.test(name)) {
      throw new PolicyError('url', `must not hold the query parameter ${JSON.stringify(name)}: ${ADVICE}`);
    }
  }
}

const ADVICE = 'credentials are set at the time of sending, in prepare(request)';
