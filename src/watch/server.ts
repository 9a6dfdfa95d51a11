import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Told } from './message.ts';

/** So many lines of a process are kept for a page that is opened later. */
const KEPT = 240;
/** A page that has so many bytes still to read gets no further updates until it has read them: its computer may sleep. */
const UNREAD = 4_000_000;
/** So many processes, the latest. */
const PROCESSES = 20;

/** Of the package itself, wherever it is bundled to. */
export const packageFolder = dirname(createRequire(import.meta.url).resolve('steadfetch/package.json'));

const FILES: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
};
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** What takes in the lines of processes, and tells them to pages. */
export interface WatchServer {
  readonly url: string;
  close(): void;
}

/** Listens on 127.0.0.1 only. @param port 0: any */
export async function startWatchServer(port: number): Promise<WatchServer> {
  const folder = join(packageFolder, 'dist/watch/page');
  const relay = new Relay();
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    // Another name for 127.0.0.1 would let every web page read this one (DNS rebinding).
    const isOurs = [`127.0.0.1:${port}`, `localhost:${port}`].includes(request.headers.host ?? '');
    const { method, url = '/' } = request;
    if (!isOurs) return refuse(response, 403);
    if (method === 'POST' && url === '/processes') return relay.listen(request, response);
    if (method === 'GET' && url === '/lines') return relay.tell(response);
    const [file, type] = FILES[url] ?? [];
    if (method !== 'GET' || file === undefined) return refuse(response, 404);
    readFile(join(folder, file)).then(
      (content) => response.writeHead(200, { ...HEADERS, 'content-type': type }).end(content),
      () => refuse(response, 500),
    );
  });
  // A process that is watched sends one request for as long as it lives.
  server.requestTimeout = 0;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, HEADERS).end();
}

/** Hands the lines of processes on to pages. A page that comes late is told the latest of them again. */
class Relay {
  readonly #kept = new Map<number, string[]>();
  readonly #pages = new Set<ServerResponse>();
  #processes = 0;

  /** A process begins to send. */
  listen(request: IncomingMessage, response: ServerResponse): void {
    // A web page may not send this type elsewhere without asking first, and is never allowed to.
    if (request.headers['content-type'] !== 'application/x-ndjson') {
      refuse(response, 415);
      return;
    }
    const process = ++this.#processes;
    const oldest = process - PROCESSES;
    this.#kept.delete(oldest);
    createInterface({ input: request })
      .on('line', (line) => this.#add(process, line))
      // The connection broke: the process has ended.
      .on('error', () => {});
    request.once('close', () => this.#add(process, '{"kind":"bye"}'));
    request.on('error', () => {});
  }

  /** A page asks for every line. */
  tell(response: ServerResponse): void {
    response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    for (const line of [...this.#kept.values()].flat()) response.write(line);
    response.write(':\n\n');
    this.#pages.add(response);
    response.once('close', () => this.#pages.delete(response));
  }

  #add(process: number, text: string): void {
    let told: Told;
    let isUpdate: boolean;
    try {
      told = { process, line: JSON.parse(text) };
      isUpdate = told.line.kind === 'tick';
    } catch {
      return;
    }
    const line = `data: ${JSON.stringify(told)}\n\n`;
    const kept = this.#kept.get(process) ?? [];
    kept.push(line);
    // The first says which process it is.
    if (kept.length > KEPT) kept.splice(1, 1);
    this.#kept.set(process, kept);
    for (const page of this.#pages) if (!isUpdate || page.writableLength < UNREAD) page.write(line);
  }
}
