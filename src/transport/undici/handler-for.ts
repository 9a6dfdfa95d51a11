import type { Listener } from './handlers.ts';
import { Dispatcher } from './package.ts';
import { BothLanguages } from './undici7/both-languages.ts';
import { FromLegacy } from './undici7/from-legacy.ts';

/** The listener as a handler for a dispatcher: our own copy's is fastest in the older language. */
export function handlerFor(dispatcher: object, listener: Listener): Dispatcher.DispatchHandler {
  const isOurs = dispatcher instanceof Dispatcher;
  return new (isOurs ? FromLegacy : BothLanguages)(listener) as unknown as Dispatcher.DispatchHandler;
}
