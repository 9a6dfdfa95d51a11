import { codeOf } from './cause.ts';

/** Codes that mean the same again next time: a mistake in the request, or a peer that speaks something else. */
const lasting = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_INVALID_RETURN_VALUE',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
  'UND_ERR_DESTROYED',
  'UND_ERR_CLOSED',
  'UND_MOCK_ERR_MOCK_NOT_MATCHED',
  'ERR_INVALID_URL',
  'ERR_INVALID_CHAR',
  'ERR_INVALID_ARG_TYPE',
  'ERR_INVALID_ARG_VALUE',
  'EPROTO',
  // X.509 verification, as OpenSSL names it.
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_REJECTED',
  'CERT_UNTRUSTED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_SIGNATURE_FAILURE',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
]);

/** Families of such codes: TLS, HTTP/1 parser and HTTP/2 usage errors. */
const lastingFamilies = ['ERR_TLS_', 'ERR_SSL_', 'ERR_HTTP_', 'ERR_HTTP2_INVALID_', 'HPE_'];

/** A connection that closed in the middle of a message is a cut, although the HTTP parser is the one to say so. */
const cuts = new Set(['HPE_INVALID_EOF_STATE', 'HPE_CLOSED_CONNECTION']);

/** Whether an error that the network reported may be gone at the next attempt. By code, never by message. */
export function mayHeal(error: unknown): boolean {
  const code = codeOf(error);
  if (code === undefined || cuts.has(code)) return true;
  return !lasting.has(code) && !lastingFamilies.some((family) => code.startsWith(family));
}
