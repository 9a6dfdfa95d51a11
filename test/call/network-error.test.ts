import { errors } from 'undici';
import { expect, test } from 'vitest';
import { type Permanence, permanenceOf } from '../../src/call/network-error.ts';

const coded = (code: unknown, cause?: unknown) => Object.assign(new Error('x', { cause }), { code });

/** All error codes of undici 7 and 8, and what each means for the next attempt. */
const undici: Readonly<Record<string, Permanence>> = {
  UND_ERR: 'transient',
  UND_ERR_CONNECT_TIMEOUT: 'transient',
  UND_ERR_HEADERS_TIMEOUT: 'transient',
  UND_ERR_BODY_TIMEOUT: 'transient',
  UND_ERR_SOCKET: 'transient',
  UND_ERR_INFO: 'transient',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'transient',
  // A proxy that answers a CONNECT with anything but 200 is an "abort" to undici 7, and PRX_CONN to undici 8.
  UND_ERR_ABORT: 'transient',
  UND_ERR_ABORTED: 'transient',
  UND_ERR_PRX_CONN: 'transient',
  UND_ERR_PRX_TLS: 'transient',
  UND_ERR_REQ_RETRY: 'transient',
  UND_ERR_SOCKS5: 'transient',
  UND_ERR_HEADERS_OVERFLOW: 'permanent',
  UND_ERR_RESPONSE: 'permanent',
  UND_ERR_REDIRECT_MAX: 'permanent',
  UND_ERR_INVALID_ARG: 'local',
  UND_ERR_INVALID_RETURN_VALUE: 'local',
  UND_ERR_NOT_SUPPORTED: 'local',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'local',
  UND_ERR_BPL_MISSING_UPSTREAM: 'local',
  UND_ERR_MAX_ORIGINS_REACHED: 'local',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'local',
  UND_ERR_DESTROYED: 'local',
  UND_ERR_CLOSED: 'local',
  ERR_WEBASSEMBLY_NOT_SUPPORTED: 'local',
  // `fetch` never throws this.
  UND_ERR_WS_MESSAGE_SIZE_EXCEEDED: 'transient',
};

test.each(Object.entries(undici))('undici: %s is %s', (code, outlook) => {
  expect(permanenceOf(new TypeError('fetch failed', { cause: coded(code) }))).toBe(outlook);
});

test('every error class of the installed undici has been decided on', () => {
  const codes = Object.values(errors).map((UndiciError) => {
    const Anything = UndiciError as unknown as new (...args: readonly unknown[]) => { code?: string };
    return new Anything('x', undefined, {}).code;
  });
  expect(codes.length).toBeGreaterThan(20);
  // The HTTP parser's error has no code of its own, only llhttp's.
  for (const code of codes) if (code !== undefined) expect(undici).toHaveProperty(code);
});

const passing = [
  // Network errors of the operating system.
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNREFUSED', 'ECONNABORTED', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EHOSTDOWN', 'ENETDOWN', 'EADDRNOTAVAIL', 'EMFILE', 'ENOENT'],
  // Name resolution.
  ...['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ESERVFAIL'],
  // A connection that closed in the middle of an answer.
  ...['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION', 'ERR_SSL_UNEXPECTED_EOF_WHILE_READING'],
  ...['ERR_SOCKET_CLOSED', 'ERR_SOCKET_CONNECTION_TIMEOUT', 'ERR_STREAM_PREMATURE_CLOSE'],
  ...['ERR_TLS_HANDSHAKE_TIMEOUT', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'],
  // A compressed body that is cut short or damaged.
  ...['Z_BUF_ERROR', 'Z_DATA_ERROR', 'ERR__ERROR_FORMAT_PADDING_1'],
  // HTTP/2: reset, refused, gone.
  ...['ERR_HTTP2_STREAM_ERROR', 'ERR_HTTP2_STREAM_CANCEL', 'ERR_HTTP2_SESSION_ERROR'],
  ...['ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION', 'ERR_HTTP2_INVALID_STREAM'],
  ...['ERR_HTTP2_OUT_OF_STREAMS', 'ERR_HTTP2_SOCKET_UNBOUND', 'ERR_HTTP2_NO_MEM'],
  ...['ERR_HTTP2_PING_CANCEL', 'ERR_HTTP2_SETTINGS_CANCEL'],
  // Out of memory during the check of a certificate.
  'OUT_OF_MEM',
  // An unknown code.
  'ESOMETHINGNEW',
];

const lasting = [
  // X.509 verification: all codes that Node names.
  ...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_CRL', 'UNABLE_TO_DECRYPT_CERT_SIGNATURE'],
  ...['UNABLE_TO_DECRYPT_CRL_SIGNATURE', 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'CERT_SIGNATURE_FAILURE'],
  ...['CRL_SIGNATURE_FAILURE', 'CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED', 'CRL_NOT_YET_VALID'],
  ...['CRL_HAS_EXPIRED', 'ERROR_IN_CERT_NOT_BEFORE_FIELD', 'ERROR_IN_CERT_NOT_AFTER_FIELD'],
  ...['ERROR_IN_CRL_LAST_UPDATE_FIELD', 'ERROR_IN_CRL_NEXT_UPDATE_FIELD', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ...['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  ...['CERT_CHAIN_TOO_LONG', 'CERT_REVOKED', 'INVALID_CA', 'PATH_LENGTH_EXCEEDED', 'INVALID_PURPOSE'],
  ...['CERT_UNTRUSTED', 'CERT_REJECTED', 'HOSTNAME_MISMATCH', 'UNSPECIFIED'],
  // Other TLS errors.
  ...['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_TLS_INVALID_PROTOCOL_VERSION', 'ERR_SSL_WRONG_VERSION_NUMBER'],
  ...['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'EPROTO'],
  // A peer that does not speak HTTP.
  ...['HPE_INVALID_CONSTANT', 'HPE_INVALID_CHUNK_SIZE', 'HPE_INVALID_CONTENT_LENGTH', 'HPE_INVALID_VERSION'],
  ...['HPE_INVALID_HEADER_TOKEN', 'HPE_INVALID_STATUS', 'HPE_INVALID_TRANSFER_ENCODING', 'HPE_STRICT'],
  ...['HPE_UNEXPECTED_CONTENT_LENGTH', 'HPE_LF_EXPECTED', 'HPE_CR_EXPECTED', 'HPE_UNEXPECTED_SPACE'],
  ...['ERR_HTTP2_ERROR', 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES'],
];

const ours = [
  ...['ERR_INVALID_URL', 'ERR_INVALID_CHAR', 'ERR_INVALID_ARG_TYPE', 'ERR_INVALID_ARG_VALUE'],
  ...['ERR_INVALID_HTTP_TOKEN', 'ERR_INVALID_PROTOCOL', 'ERR_HTTP_INVALID_HEADER_VALUE'],
  ...['ERR_HTTP2_INVALID_HEADER_VALUE', 'ERR_HTTP2_INVALID_CONNECTION_HEADERS'],
  ...['ERR_HTTP2_INVALID_PSEUDOHEADER', 'ERR_HTTP2_HEADER_SINGLE_VALUE', 'ERR_HTTP2_UNSUPPORTED_PROTOCOL'],
  ...['ERR_MISSING_ARGS', 'ERR_OUT_OF_RANGE', 'ERR_UNESCAPED_CHARACTERS', 'UND_MOCK_ERR_MOCK_NOT_MATCHED'],
  'UND_ERR_SOCKS5_AUTH_FAILED',
];

test.each(passing)('%s may be gone next time', (code) => {
  expect(permanenceOf(coded(code))).toBe('transient');
});

test.each(lasting)('%s will be the same next time', (code) => {
  expect(permanenceOf(coded(code))).toBe('permanent');
});

test.each(ours)('%s is a mistake on this side', (code) => {
  expect(permanenceOf(coded(code))).toBe('local');
});

test('the innermost code decides: the others only say where it was noticed', () => {
  const certificate = coded('CERT_HAS_EXPIRED');
  expect(permanenceOf(new TypeError('fetch failed', { cause: coded('UND_ERR_PRX_TLS', certificate) }))).toBe(
    'permanent',
  );
  expect(permanenceOf(coded('UND_ERR_INFO', coded('ERR_HTTP2_INVALID_HEADER_VALUE')))).toBe('local');
  expect(permanenceOf(coded('UND_ERR_INVALID_ARG', coded('ECONNRESET')))).toBe('transient');
  expect(permanenceOf(coded('ECONNRESET', new Error('no code at all')))).toBe('transient');
});

test("an answer that is no HTTP is told by what could not be read: undici loses llhttp's code", () => {
  const unreadable = (data?: string) =>
    new TypeError('fetch failed', { cause: Object.assign(new errors.HTTPParserError('x'), { data }) });
  expect(permanenceOf(unreadable('~~ not HTTP ~~'))).toBe('permanent');
  // The answer only ended too early.
  expect(permanenceOf(unreadable(''))).toBe('transient');
  expect(permanenceOf(unreadable())).toBe('transient');
  expect(permanenceOf(Object.assign(new Error('x'), { data: 'somebody else has data, too' }))).toBe(
    'transient',
  );
});

test.each([
  [407, 'local'],
  [401, 'local'],
  [403, 'local'],
  [408, 'transient'],
  [429, 'transient'],
  [502, 'transient'],
  [503, 'transient'],
] as const)('a proxy that answers a CONNECT with %i: %s', (status, outlook) => {
  const message = `Proxy response (${status}) !== 200 when HTTP Tunneling`;
  for (const code of ['UND_ERR_ABORTED', 'UND_ERR_PRX_CONN']) {
    const refusal = Object.assign(new Error(message), { code });
    expect(
      permanenceOf(new TypeError('fetch failed', { cause: new Error('cancelled', { cause: refusal }) })),
    ).toBe(outlook);
  }
  expect(permanenceOf(new Error(message))).toBe('transient');
});

test('other messages and names mean nothing, and neither do codes that are no strings', () => {
  expect(permanenceOf(new Error('CERT_HAS_EXPIRED'))).toBe('transient');
  expect(permanenceOf(new TypeError('Invalid URL'))).toBe('transient');
  expect(permanenceOf(coded(25))).toBe('transient');
});

test.each([undefined, null, 'a string', 7])(
  'what is no error at all (%s) may be gone next time',
  (thrown) => {
    expect(permanenceOf(thrown)).toBe('transient');
  },
);

test('a chain of causes that bites its tail comes to an end', () => {
  const error = coded('HPE_INVALID_CONSTANT');
  error.cause = error;
  expect(permanenceOf(error)).toBe('permanent');
});
