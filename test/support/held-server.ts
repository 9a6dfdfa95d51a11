import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen.ts';

/** A request that waits for what the test says. */
export interface HeldRequest {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  answer(status: number, body?: string, headers?: Record<string, string>): void;
  /** Resolves once its connection is closed. */
  readonly closed: Promise<unknown>;
}

/** A service on 127.0.0.1 that answers nothing by itself but `/quick`: each request waits for the test. */
export async function startHeldServer() {
  const requests: HeldRequest[] = [];
  const waiting = new Map<number, (request: HeldRequest) => void>();
  const server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (request.url === '/quick') {
      response.end('quick');
      return;
    }
    const held: HeldRequest = {
      method: request.method ?? '',
      headers: request.headers,
      body,
      answer: (status, text = '', headers = {}) => response.writeHead(status, headers).end(text),
      closed: once(request.socket, 'close'),
    };
    requests.push(held);
    waiting.get(requests.length)?.(held);
  });
  return {
    url: await listen(server),
    requests,
    /** The n-th request that was held, counted from 1, once it is there. */
    request(number: number): Promise<HeldRequest> {
      const found = requests[number - 1];
      return found ? Promise.resolve(found) : new Promise((resolve) => waiting.set(number, resolve));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
