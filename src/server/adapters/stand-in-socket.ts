import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** The events by which a socket reports its end. */
const ENDINGS = new Set<unknown>(['close', 'error', 'end']);

const ALIVE: Readonly<Record<string, unknown>> = {
  destroyed: false,
  closed: false,
  errored: null,
  readable: true,
  writable: true,
  readableEnded: false,
  writableEnded: false,
  writableFinished: false,
  readyState: 'open',
};

type Listen = (event: string | symbol, listener: (...args: unknown[]) => void) => unknown;

/** A stand-in for the socket of a request whose handler is running. */
export interface StandIn {
  readonly socket: Socket;
  /** From now on the stand-in behaves as the socket itself. */
  release(): void;
}

/**
 * Makes a socket that looks open although its client may have disconnected: libraries stop working on a response when its socket
 * is closed. `destroyed` is called when the stand-in is destroyed: this is how Express breaks off a response that has begun.
 */
export function standInFor(real: Socket, destroyed: (error: Error | undefined) => void): StandIn {
  const endings = new EventEmitter().setMaxListeners(0);
  let released = false;

  const destroy = (error?: Error) => {
    destroyed(error instanceof Error ? error : undefined);
    return socket;
  };
  const subscribing = (name: string): Listen => {
    return (event, listener) => {
      const emitter = !released && ENDINGS.has(event) ? endings : real;
      Reflect.get(emitter, name).call(emitter, event, listener);
      return socket;
    };
  };
  const covered: Readonly<Record<string, unknown>> = {
    ...ALIVE,
    destroy,
    destroySoon: destroy,
    resetAndDestroy: destroy,
    end: () => destroy(),
    ...Object.fromEntries(
      ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener', 'off', 'removeListener'].map(
        (name) => [name, subscribing(name)],
      ),
    ),
  };

  const socket: Socket = new Proxy(real, {
    get(target, name) {
      if (!released && typeof name === 'string' && Object.hasOwn(covered, name)) return covered[name];
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });

  return {
    socket,
    release() {
      if (released) return;
      released = true;
      for (const event of endings.eventNames())
        for (const listener of endings.listeners(event))
          real.once(`${String(event)}`, listener as () => void);
      // The socket's own events are over.
      if (real.destroyed) endings.emit('close');
    },
  };
}
