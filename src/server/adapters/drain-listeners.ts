import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { method } from './overlay.ts';

const SUBSCRIBING = [
  ...['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'],
  ...['off', 'removeListener'],
];

/**
 * The listeners for `drain` that a handler adds while its response is captured. Other middleware, such as `compression`, takes
 * these listeners for a stream of its own, which writes nothing before the response is sent: the handler would wait forever.
 */
export class DrainListeners {
  readonly #emitter = new EventEmitter().setMaxListeners(0);

  /** The methods that replace those of the response. */
  members(res: ServerResponse): PropertyDescriptorMap {
    const members = SUBSCRIBING.map((name) => {
      const usual = Reflect.get(res, name).bind(res);
      const subscribe = (event: string | symbol, listener: () => void) => {
        if (event !== 'drain') return usual(event, listener);
        Reflect.get(this.#emitter, name).call(this.#emitter, event, listener);
        return res;
      };
      return [name, method(subscribe)] as const;
    });
    return Object.fromEntries(members);
  }

  emit(): void {
    this.#emitter.emit('drain');
  }

  /** Adds the listeners to the response itself. */
  handOver(res: ServerResponse): void {
    for (const listener of this.#emitter.rawListeners('drain')) {
      const once: unknown = Reflect.get(listener, 'listener');
      if (typeof once === 'function') res.once('drain', once as () => void);
      else res.on('drain', listener as () => void);
    }
    this.#emitter.removeAllListeners();
  }
}
