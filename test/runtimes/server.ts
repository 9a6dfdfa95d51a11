import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Echo {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** In base64. */
  readonly body: string;
}

export interface CheckServer extends AsyncDisposable {
  readonly url: string;
}

/**
 * The service that `checks.ts` talks to.
 *
 * @param pages what else it serves, by path
 * @param posted called with the message of a page
 */
export async function startCheckServer(
  pages: Readonly<Record<string, { type: string; content: string }>> = {},
  posted: (body: string) => void = () => {},
): Promise<CheckServer> {
  const requests = new Map<string, Echo[]>();
  const server = createServer(async (request, response) => {
    // Some runtimes ask again by themselves if a connection that was used before breaks.
    response.shouldKeepAlive = false;
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [, kind = '', id = ''] = url.pathname.split('/');
    const page = pages[url.pathname];
    if (page !== undefined) return void response.setHeader('content-type', page.type).end(page.content);
    if (kind === 'nobody') return void response.end(`http://127.0.0.1:${await closedPort()}/`);
    if (kind === 'seen') return void json(response, requests.get(id) ?? []);
    const received = await read(request).catch(() => undefined);
    if (received === undefined) return;
    if (kind === 'posted') {
      posted(Buffer.from(received.body, 'base64').toString());
      return void response.end();
    }
    const all = requests.get(id) ?? [];
    requests.set(id, [...all, received]);
    const how = url.searchParams.get('how') ?? '';
    if (kind === 'echo') json(response, received);
    else if (kind === 'status') response.writeHead(Number(url.searchParams.get('status'))).end();
    else if (kind === 'truncated') truncated(response, all.length === 0);
    else if (kind === 'flaky' && all.length < 2) fail(response, how);
    else if (kind === 'flaky') response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function read(request: IncomingMessage): Promise<Echo> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method = '', headers } = request;
  return { method, headers: headers as Echo['headers'], body: Buffer.concat(chunks).toString('base64') };
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

function fail(response: ServerResponse, how: string): void {
  if (how === 'cut') response.destroy();
  else if (how === '429') response.writeHead(429, { 'retry-after': '1' }).end();
  else response.writeHead(503).end('unavailable');
}

function truncated(response: ServerResponse, cut: boolean): void {
  response.writeHead(200, { 'content-length': '5' });
  if (!cut) return void response.end('whole');
  response.write('wh', () => response.destroy());
}
