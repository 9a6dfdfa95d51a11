import type { IncomingMessage } from 'node:http';
import { method, overlay } from './overlay.ts';
import { type StandIn, standInFor } from './stand-in-socket.ts';

/** Hides the disconnect of the client from a request until its handler is done. */
export interface RequestShield {
  readonly standIn: StandIn;
  /** Called when a handler destroys the connection. */
  onDestroy: (error: Error | undefined) => void;
  /** Delivers the events that were held back. */
  release(): void;
}

/**
 * Shields a request. A disconnect of the client must not stop the handler: the effect may be half done, and its response is also
 * for later requests. So the request, whose body was read and put back, stays readable.
 */
export function shieldRequest(req: IncomingMessage): RequestShield {
  const missed: (() => void)[] = [];
  const shield: RequestShield = {
    standIn: standInFor(req.socket, (error) => shield.onDestroy(error)),
    onDestroy: () => {},
    release() {
      uncover();
      shield.standIn.release();
      for (const happen of missed.splice(0)) happen();
    },
  };
  const destroy = req.destroy.bind(req);
  const emit = req.emit.bind(req);
  const isHttp2 = req.httpVersionMajor >= 2;
  const uncover = overlay(req, {
    socket: { get: () => shield.standIn.socket, set: () => {} },
    __onFinished: { writable: true, value: undefined }, // see response-capture.ts
    destroy: method((error?: Error) => {
      // Node destroys the request of a disconnected client with this code.
      if (error === undefined || Reflect.get(error, 'code') !== 'ECONNRESET') return destroy(error);
      missed.push(() => destroy(error));
      return req;
    }),
    // Over HTTP/2 the request is not destroyed: it only emits these events.
    ...(isHttp2 && {
      emit: method((event: string, ...args: unknown[]) => {
        if (event !== 'aborted' && event !== 'close') return emit(event, ...args);
        missed.push(() => emit(event, ...args));
        return false;
      }),
    }),
  });
  return shield;
}
