import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';

/** What tells that a connection has come to its end. */
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

/** A stand-in for the socket of a request whose handler is at work. */
export interface StandIn {
  readonly socket: Socket;
  /** From now on the stand-in is the socket itself. */
  release(): void;
}

/**
 * A socket that looks alive although its client may have gone: libraries stop working on a response when they see its
 * socket closed. To destroy the stand-in tells `destroyed`: this is how Express breaks off an answer that has begun.
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
      // Its own events have come and gone.
      if (real.destroyed) endings.emit('close');
    },
  };
}
