/**
 * The names of the semantic conventions where there is one, else names of our own.
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export const METHOD = 'http.request.method';
export const STATUS = 'http.response.status_code';
export const RESEND = 'http.request.resend_count';
export const TEMPLATE = 'url.template';
export const ADDRESS = 'server.address';
export const PORT = 'server.port';
export const ERROR = 'error.type';
export const SCOPE = 'steadfetch.scope';
export const STOPPED = 'steadfetch.stopped';
export const DELIVERY = 'steadfetch.delivery';
export const ATTEMPTS = 'steadfetch.attempts';
export const ATTEMPT = 'steadfetch.attempt';
export const REASON = 'steadfetch.reason';
export const GUARD = 'steadfetch.guard';
export const END = 'steadfetch.end';
export const DELAY = 'steadfetch.delay';
export const QUOTA = 'steadfetch.quota';
export const STATE = 'steadfetch.state';
export const FROM = 'steadfetch.from';
export const TO = 'steadfetch.to';
