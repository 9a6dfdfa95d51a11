/**
 * Under this the options of a dispatch say that they are an attempt of a call that may be retried. An interceptor of this package that
 * meets one tries it once: where two layers make five attempts each, a service would see twenty-five.
 *
 * Registered, because a process may have two copies of this package.
 */
export const ATTEMPT = Symbol.for('steadfetch: an attempt of a call');
