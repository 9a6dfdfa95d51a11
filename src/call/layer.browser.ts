import type { InboundHeaders } from './layer.ts';

export const NO_RETRY = { header: 'no-retry', value: '?1' } as const;

/** A browser has no async context that could tell a call of the request on whose behalf it is made: this runs the handler. */
export function onBehalfOf<Result>(_headers: InboundHeaders, handler: () => Result): Result {
  return handler();
}

export function isToldToTryOnce(): boolean {
  return false;
}

export function timeLeft(): number | undefined {
  return undefined;
}
