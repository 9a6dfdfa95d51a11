import type { AllowedBy, AttemptStart, CallRef, Events, GuardName } from '../model/events.ts';
import type { AttemptReport, BodyReport } from '../model/report.ts';

// The events of a call, each made anew for its listeners. They are literals without spreads: on Node 20 to spread an object
// whose members' types change costs ten microseconds (`npm run bench:tricks`).

/** What is known of the call, once for each event: reading a record may make an id, or a URL without its secrets. */
export function callRef({ id, method, url, endpoint, scope }: CallRef): CallRef {
  return { id, method, url, endpoint, scope };
}

export function startEvent(
  { id, method, url, endpoint, scope }: CallRef,
  {
    number,
    waited,
    isHedge,
  }: { readonly number: number; readonly waited: number; readonly isHedge?: boolean | undefined },
  at: number,
  allowedBy: AllowedBy,
): AttemptStart {
  if (isHedge) return { id, method, url, endpoint, scope, number, hedge: true, at, waited, allowedBy };
  return { id, method, url, endpoint, scope, number, at, waited, allowedBy };
}

export function attemptEvent(
  { id, method, url, endpoint, scope }: CallRef,
  attempt: AttemptReport,
): Events['attempt'] {
  return { id, method, url, endpoint, scope, attempt };
}

export function retryEvent(
  { id, method, url, endpoint, scope }: CallRef,
  { number, delay, reason, vouched }: Pick<Events['retry'], 'number' | 'delay' | 'reason' | 'vouched'>,
): Events['retry'] {
  return { id, method, url, endpoint, scope, number, delay, reason, vouched };
}

export function queuedEvent(
  { id, method, url, endpoint, scope }: CallRef,
  { by, number, inFlight, limit, queued }: Omit<Events['queued'], keyof CallRef>,
): Events['queued'] {
  return { id, method, url, endpoint, scope, by, number, inFlight, limit, queued };
}

export function rejectedEvent(
  { id, method, url, endpoint, scope }: CallRef,
  by: GuardName,
  number: number,
): Events['rejected'] {
  return { id, method, url, endpoint, scope, by, number };
}

export function bodyEvent(
  { id, method, url, endpoint, scope }: CallRef,
  { end, bytes, duration }: BodyReport,
): Events['body'] {
  return { id, method, url, endpoint, scope, end, bytes, duration };
}
