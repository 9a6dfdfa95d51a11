import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Published by undici for each request, in whichever copy: the one inside Node (`fetch`), and the one that steadfetch uses. */
const CHANNEL = 'undici:request:create';

/**
 * Counts the requests that this process makes of one service, whether or not anything listens there. The service can't count what it
 * refuses, and no client is asked for its word.
 */
export class RequestsMade {
  all = 0;
  inOutage = 0;
  isOutage = false;
  readonly #origin: string;

  constructor(url: string) {
    this.#origin = url;
    subscribe(CHANNEL, this.#count);
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#count);
  }

  readonly #count = (message: unknown): void => {
    const { origin } = (message as { request: { origin: unknown } }).request;
    if (String(origin) !== this.#origin) return;
    this.all += 1;
    if (this.isOutage) this.inOutage += 1;
  };
}
