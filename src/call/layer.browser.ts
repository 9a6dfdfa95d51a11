import type { InboundHeaders } from './layer.ts';

export const NO_RETRY = { header: 'no-retry', value: '?1' } as const;

/** Only runs the handler: browsers have no async context, so a call can't know the request on whose behalf it is made. */
export function onBehalfOf<Result>(_headers: InboundHeaders, handler: () => Result): Result {
  return handler();
}

export function isToldToTryOnce(): boolean {
  return false;
}

export function timeLeft(): number | undefined {
  return undefined;
}
