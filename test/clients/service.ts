import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** What befalls the next request, in place of an answer. */
export type Trouble = 'unavailable' | 'reset' | 'hang';

export type Answer = (response: ServerResponse, seen: Seen) => void;

export interface Service extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly Seen[];
  /** How many requests that got no answer were given up by the client. */
  givenUp(): number;
}

/** A service of whatever kind: its first requests meet the troubles, and the answer is for those after them. */
export async function startService(answer: Answer, ...troubles: Trouble[]): Promise<Service> {
  const seen: Seen[] = [];
  let givenUp = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = '', url: path = '', headers } = request;
    const one = { method, path, headers, body: Buffer.concat(chunks).toString() };
    seen.push(one);
    const trouble = troubles.shift();
    if (trouble === 'unavailable') response.writeHead(503, { 'content-type': 'application/json' }).end('{}');
    else if (trouble === 'reset') request.socket.resetAndDestroy();
    else if (trouble === 'hang') {
      request.socket.once('close', () => {
        givenUp += 1;
      });
    } else answer(response, one);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    givenUp: () => givenUp,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export function json(value: unknown): Answer {
  return (response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

/** Server-sent events, one after the other. */
export function events(...all: readonly (string | { event: string; data: unknown })[]): Answer {
  return (response) => {
    response.setHeader('content-type', 'text/event-stream');
    for (const one of all) {
      const text = typeof one === 'string' ? one : JSON.stringify(one.data);
      response.write(`${typeof one === 'string' ? '' : `event: ${one.event}\n`}data: ${text}\n\n`);
    }
    response.end();
  };
}
