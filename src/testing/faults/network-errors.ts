/** The errors of a network, as Node and undici name them. */
export const networkErrors = {
  refused: () => coded('ECONNREFUSED', 'connect ECONNREFUSED (a fault on purpose)'),
  reset: () => coded('ECONNRESET', 'read ECONNRESET (a fault on purpose)'),
  closed: () => coded('UND_ERR_SOCKET', 'other side closed (a fault on purpose)', 'SocketError'),
  late: () => coded('UND_ERR_HEADERS_TIMEOUT', 'Headers Timeout Error', 'HeadersTimeoutError'),
  aborted: () => coded('UND_ERR_ABORTED', 'Request aborted', 'AbortError'),
} as const;

function coded(code: string, message: string, name = 'Error'): Error {
  return Object.assign(new Error(message), { code, name });
}
