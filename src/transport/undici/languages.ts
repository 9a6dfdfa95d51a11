import type { Dispatcher } from 'undici';
import type { AnyHandler, Listener } from './handlers.ts';
import { ToModern } from './to-modern.ts';
import { BothLanguages, speaksBoth } from './undici7/both-languages.ts';
import { FromLegacy } from './undici7/from-legacy.ts';
import { isLegacy } from './undici7/legacy-handler.ts';
import { ToLegacy } from './undici7/to-legacy.ts';

/** A listener that passes on what it hears to a handler of undici's, in whichever language that one knows. */
export function telling(handler: AnyHandler): Listener {
  return isLegacy(handler) ? new ToLegacy(handler) : new ToModern(handler);
}

/**
 * The listener as a handler that takes the place of another one. Nothing is translated: undici 7's own handlers are answered in the older
 * language, and so is its wrapper that knows both. Where a client of ours speaks both, its dispatcher may know only one.
 */
export function handlerLike(other: AnyHandler, listener: Listener): Dispatcher.DispatchHandler {
  if (!isLegacy(other)) return listener as unknown as Dispatcher.DispatchHandler;
  return new (speaksBoth(other) ? BothLanguages : FromLegacy)(
    listener,
  ) as unknown as Dispatcher.DispatchHandler;
}
