import type { CallReport, SteadFetch } from 'steadfetch';

/** What pino's logger has, and others, too. */
interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes a line for each call that did not go well at once, for each broken body, and for each breaker that changed. */
export function logCalls({ on }: Pick<SteadFetch, 'on'>, log: Log): void {
  on('settled', (report) => {
    if (report.stopped !== 'success') log.warn(lineOf(report), 'call failed');
    else if (report.attempts.length > 1) log.info(lineOf(report), 'call succeeded by a retry');
  });
  on('body', ({ id, url, end, bytes, duration }) => {
    if (end === 'ended' || end === 'cancelled') return;
    log.warn({ call: id, url, end, bytes, ms: Math.round(duration) }, 'body broke off');
  });
  on('breaker', ({ scope, from, to, reason, cause }) => {
    const line = { scope, from, to, reason, ...cause };
    if (to === 'closed') log.warn(line, 'breaker closed: the service is back');
    else if (from === 'closed') log.error(line, 'breaker changed');
    else log.info(line, 'breaker changed');
  });
}

/** Milliseconds are rounded: what is behind the point says more of the machine than of the call. */
function lineOf({
  id,
  method,
  url,
  scope,
  endpoint,
  stopped,
  delivery,
  duration,
  attempts,
  idempotencyKey,
}: CallReport): object {
  const last = attempts.at(-1);
  return {
    ...{ call: id, method, url, scope, rule: endpoint, stopped, delivery, idempotencyKey },
    ms: Math.round(duration),
    attempts: attempts.length,
    ...(last && { last: last.error?.code ?? last.error?.name ?? last.status }),
  };
}
