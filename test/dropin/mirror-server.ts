import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../support/listen.ts';

/** A request as the server saw it. Plain JSON. */
export interface Seen {
  readonly method: string | undefined;
  readonly path: string | undefined;
  /** Names and values, as they were written and ordered, without the header that steadfetch adds. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

/** The header by which a client differs from `fetch` on purpose. */
const OURS = 'idempotency-key';

/** An HTTP service that records every request in detail, and answers by `answer`. */
export class Mirror {
  /** Requests that were read completely. */
  readonly seen: Seen[] = [];
  /** Answers a request that was read. */
  answer: Answer = plainAnswer;
  /** Called with each piece of a request's body as it arrives. */
  heard: (chunk: Buffer, response: ServerResponse) => void = () => {};
  readonly #server = createServer({ maxHeaderSize: 256 * 1024 }, (request, response) => {
    const chunks: Buffer[] = [];
    // The date must not distinguish two runs.
    response.sendDate = false;
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      this.heard(chunk, response);
    });
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      this.seen.push(seen(request, body));
      this.answer(request, response, body);
    });
  });

  url = '';

  async listen(): Promise<this> {
    this.url = await listen(this.#server);
    return this;
  }

  /** Begins another run. */
  reset(): void {
    this.seen.length = 0;
    this.answer = plainAnswer;
    this.heard = () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

export const startMirror = (): Promise<Mirror> => new Mirror().listen();

function plainAnswer(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'text/plain');
  response.end('hello');
}

function seen({ method, url, rawHeaders }: IncomingMessage, body: Buffer): Seen {
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (name.toLowerCase() === OURS) continue;
    // undici's own fetch sends `undici`, the runtime's sends `node`: see `as-the-runtime.test.ts`.
    headers.push([name, name === 'user-agent' && value === 'undici' ? 'node' : value]);
  }
  return { method, path: url, headers, body: body.toString('latin1') };
}
