import type { Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';

/** A port where nothing listens (the long-dead tcpmux), so that a connection to it is refused. */
const CLOSED_PORT = '1';

/** The client's sockets as they are: what they wrote and whether they are open, whatever the client says of them. */
export class Wire {
  readonly dispatcher: Agent;
  readonly #sockets: Socket[] = [];

  /** @param refused asked at each connection whether it is to be refused */
  constructor(refused: () => boolean) {
    const connect = buildConnector({});
    this.dispatcher = new Agent({
      connect: (options, callback) => {
        const there = refused() ? { ...options, port: CLOSED_PORT } : options;
        connect(there, (...result) => {
          if (result[1]) this.#sockets.push(result[1]);
          callback(...result);
        });
      },
    });
  }

  /** Bytes that were ever given to a socket. */
  get written(): number {
    return this.#sockets.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  get openSockets(): number {
    return this.#sockets.filter(({ destroyed }) => !destroyed).length;
  }

  /** Closes without breaking anything off. False if that did not end in time: then a response still holds its connection. */
  async close(within: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, within, false);
    });
    const closed = await Promise.race([this.dispatcher.close().then(() => true), tooLate]);
    clearTimeout(timer);
    if (!closed) await this.dispatcher.destroy();
    return closed;
  }
}
