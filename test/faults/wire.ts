import type { Socket } from 'node:net';
import { Agent, buildConnector } from 'undici';

/** Nobody listens there (it is the long-dead tcpmux), so that to connect to it is to be refused. */
const NOBODY = '1';

/** The client's end of the wire, watched from below: what its sockets did, whatever the client says of them. */
export class Wire {
  readonly dispatcher: Agent;
  readonly #sockets: Socket[] = [];

  /** @param refused asked at each connection whether nobody is there */
  constructor(refused: () => boolean) {
    const connect = buildConnector({});
    this.dispatcher = new Agent({
      connect: (options, callback) => {
        const there = refused() ? { ...options, port: NOBODY } : options;
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

  /** Closes without breaking anything off. False if that did not end in time: then somebody holds on to a response. */
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
