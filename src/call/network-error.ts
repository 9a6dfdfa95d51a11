import { causes, rootCodeOf } from '../model/cause.ts';

/**
 * What a network error says about the next attempt. `'transient'`: the error may be gone. `'permanent'`: it will be the same.
 * `'local'`: the peer has no part in it; the request or undici's setup is wrong.
 */
export type Permanence = 'transient' | 'permanent' | 'local';

/**
 * Judges by the innermost error code, not by messages. The one exception is a proxy's status, which undici puts only into the
 * message. Codes that are not listed are transient.
 */
export function permanenceOf(error: unknown): Permanence {
  if (isRefusedByProxy(error)) return 'local';
  const code = rootCodeOf(error);
  if (code === undefined) return isUnreadable(error) ? 'permanent' : 'transient';
  return exceptions.get(code) ?? families.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'transient';
}

/**
 * The proxy refused (wrong credentials, or a forbidden origin). The origin never saw the request, and the next CONNECT would fail
 * the same way.
 */
const PROXY_REFUSAL = /^Proxy response \((?!408|425|429)4\d\d\) !== 200/;

function isRefusedByProxy(error: unknown): boolean {
  return [...causes(error)].some((cause) => {
    const { code, message } = cause as { code?: unknown; message?: unknown };
    const isProxyError = code === 'UND_ERR_ABORTED' || code === 'UND_ERR_PRX_CONN';
    return isProxyError && PROXY_REFUSAL.test(String(message));
  });
}

/**
 * undici 7 and 8 drop llhttp's code, but keep the data that could not be parsed. There is no data if the connection just closed.
 */
function isUnreadable(error: unknown): boolean {
  return [...causes(error)].some((cause) => {
    const { name, data } = cause as { name?: unknown; data?: unknown };
    return name === 'HTTPParserError' && Boolean(data);
  });
}

const families: readonly (readonly [prefix: string, Permanence])[] = [
  // The peer does not speak HTTP/1.1.
  ['HPE_', 'permanent'],
  // OpenSSL: no common version or cipher, no TLS at all, or a certificate that the peer does not accept.
  ['ERR_SSL_', 'permanent'],
  ['ERR_TLS_', 'permanent'],
  // The proxy said so, not the peer.
  ['UND_ERR_SOCKS5_AUTH', 'local'],
  ['ERR_HTTP2_', 'local'],
  ['ERR_HTTP_', 'local'],
  ['ERR_INVALID_', 'local'],
  ['UND_MOCK_', 'local'],
];

const exceptions: ReadonlyMap<string, Permanence> = new Map([
  ...all(
    'transient',
    // The connection closed in the middle of a response, although the parser reports it.
    'HPE_INVALID_EOF_STATE',
    'HPE_CLOSED_CONNECTION',
    'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    // A passing fault of the peer, such as a certificate that is being replaced.
    'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    // Streams and sessions that were reset, or closed just before their use.
    'ERR_HTTP2_STREAM_ERROR',
    'ERR_HTTP2_STREAM_CANCEL',
    'ERR_HTTP2_SESSION_ERROR',
    'ERR_HTTP2_GOAWAY_SESSION',
    'ERR_HTTP2_INVALID_SESSION',
    'ERR_HTTP2_INVALID_STREAM',
    'ERR_HTTP2_OUT_OF_STREAMS',
    'ERR_HTTP2_SOCKET_UNBOUND',
    'ERR_HTTP2_PING_CANCEL',
    'ERR_HTTP2_SETTINGS_CANCEL',
    'ERR_HTTP2_NO_MEM',
  ),
  ...all(
    'permanent',
    'EPROTO',
    'ERR_HTTP2_ERROR',
    'ERR_HTTP2_TOO_MANY_INVALID_FRAMES',
    'UND_ERR_HEADERS_OVERFLOW',
    'UND_ERR_REDIRECT_MAX',
    // An interceptor of the user's made an error of a status, so the rules for statuses do not apply.
    'UND_ERR_RESPONSE',
    // X.509 verification: all codes that Node names (`X509_V_ERR_*`) except OUT_OF_MEM.
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_GET_CRL',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_DECRYPT_CRL_SIGNATURE',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_SIGNATURE_FAILURE',
    'CERT_NOT_YET_VALID',
    'CERT_HAS_EXPIRED',
    'CERT_CHAIN_TOO_LONG',
    'CERT_REVOKED',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'CRL_SIGNATURE_FAILURE',
    'CRL_NOT_YET_VALID',
    'CRL_HAS_EXPIRED',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERROR_IN_CRL_LAST_UPDATE_FIELD',
    'ERROR_IN_CRL_NEXT_UPDATE_FIELD',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'HOSTNAME_MISMATCH',
    'UNSPECIFIED',
  ),
  ...all(
    'local',
    'UND_ERR_INVALID_ARG',
    'UND_ERR_INVALID_RETURN_VALUE',
    'UND_ERR_NOT_SUPPORTED',
    'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
    'UND_ERR_BPL_MISSING_UPSTREAM',
    'UND_ERR_MAX_ORIGINS_REACHED',
    // The limit is that of the dispatcher's owner.
    'UND_ERR_RES_EXCEEDED_MAX_SIZE',
    // The dispatcher was closed during the call.
    'UND_ERR_CLOSED',
    'UND_ERR_DESTROYED',
    'ERR_MISSING_ARGS',
    'ERR_UNESCAPED_CHARACTERS',
    'ERR_OUT_OF_RANGE',
    'ERR_WEBASSEMBLY_NOT_SUPPORTED',
  ),
]);

function all(outlook: Permanence, ...codes: readonly string[]): [string, Permanence][] {
  return codes.map((code) => [code, outlook]);
}
