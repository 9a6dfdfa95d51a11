import type { ShowUrl } from '../http/redact.ts';
import { warn } from '../platform/warn.ts';

/**
 * The user's `redact`, which observes a call and can't end it. If it throws, or gives back no text, there is a warning, and the
 * origin alone is shown: the path may be what it was to hide.
 */
export function observing(redact: ShowUrl): ShowUrl {
  return (url, endpoint) => {
    try {
      const shown: unknown = redact(url, endpoint);
      if (typeof shown === 'string') return shown;
      if (shown instanceof Promise) shown.catch(warn);
      throw new TypeError(
        `redact must return a string, got ${shown instanceof Promise ? 'a promise' : typeof shown}`,
      );
    } catch (error) {
      warn(error);
      return url.origin;
    }
  };
}
