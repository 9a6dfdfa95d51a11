import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../support/listen.ts';

/** A request as it arrived. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly key: string | undefined;
  readonly body: string;
  readonly at: number;
}

type Reply = (arrival: Arrival, response: ServerResponse) => void | Promise<void>;

/** A service that honours keys: the first request with a key has an effect, later ones get its answer again. */
export interface Receiver {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Keys in the order of their effects; no key is in there twice, unless the receiver is broken. */
  readonly effects: readonly string[];
  /** How requests are answered from now on; undefined: as they should be. */
  reply: Reply | undefined;
  close(): Promise<void>;
}

export async function receiver(): Promise<Receiver> {
  const arrivals: Arrival[] = [];
  const effects: string[] = [];
  const done = new Set<string>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const key = request.headers['idempotency-key'] as string | undefined;
    const arrival: Arrival = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      key,
      body: await text(request),
      at: Date.now(),
    };
    arrivals.push(arrival);
    if (found.reply !== undefined) return await found.reply(arrival, response);
    effect(arrival);
    response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify({ key }));
  };
  const effect = ({ key, path }: Arrival) => {
    const name = key ?? path;
    if (done.has(name)) return;
    done.add(name);
    effects.push(name);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  const origin = await listen(server);
  const found: Receiver = {
    url: origin,
    arrivals,
    effects,
    reply: undefined,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return found;
}

/** Answers with this status, and nothing else. */
export const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (_arrival, response) => {
    response.writeHead(code, headers).end();
  };
