import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { createFetch as CreateFetch, SteadFetch } from 'steadfetch';

/** A service whose paths fail each in its own way. */
export interface EventfulService extends AsyncDisposable {
  readonly url: string;
  /** From now on `/down` answers. */
  heal(): void;
  /** Resolves when somebody has asked for `/hangs`. */
  readonly hanging: Promise<unknown>;
}

/** What the server says of its quota. */
const QUOTA = { 'x-ratelimit-limit': 100, 'x-ratelimit-remaining': 99, 'x-ratelimit-reset': 3_600 };

export async function startEventfulService(): Promise<EventfulService> {
  let isDown = true;
  let flaky = 0;
  const server: Server = createServer((request, response) => {
    const { url } = request;
    if (url === '/good') return response.writeHead(200, QUOTA).end('good');
    if (url === '/flaky') return response.writeHead(flaky++ === 0 ? 503 : 200).end();
    if (url === '/poor') return response.writeHead(503).end();
    if (url === '/down') return response.writeHead(isDown ? 500 : 200).end();
    if (url === '/dies') {
      response.writeHead(200, { 'content-length': 1_000 }).write('half');
      return setImmediate(() => request.socket.resetAndDestroy());
    }
    return server.emit('hangs');
  });
  const hanging = once(server, 'hangs');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heal() {
      isDown = false;
    },
    hanging,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Long enough for the call after the one that opened the breaker, on a busy machine too; in milliseconds. */
const COOLDOWN = 1_500;

/** A client for which each path of the service is a scope; `/poor` has a rule, which is its scope then. */
export function eventfulClient(createFetch: typeof CreateFetch, { url }: EventfulService): SteadFetch {
  return createFetch({
    quota: true,
    patience: 0,
    retry: { attempts: 4, base: 1, cap: 1 },
    breaker: {
      scope: ({ url: { pathname } }) => pathname.slice(1),
      minimum: 2,
      cooldown: COOLDOWN,
      maxCooldown: COOLDOWN,
    },
    endpoints: { [`${url}/poor`]: { budget: { ratio: 0, reserve: 0 } } },
  });
}

/**
 * Success, a retry, a breaker that opens, turns calls away, probes and closes, a retry that the budget refuses, a stream that
 * dies, and an abort.
 */
export async function liveThrough(api: SteadFetch, service: EventfulService): Promise<void> {
  const { url } = service;
  await (await api(`${url}/good`)).text();
  await (await api(`${url}/flaky`)).text();
  await (await api(`${url}/down`)).text();
  const refused = await api(`${url}/down`).catch((error: unknown) => error);
  // By its name: the client may be the packed one.
  if (!(refused instanceof Error) || refused.name !== 'BreakerOpenError')
    throw new Error('the breaker was to be open');
  service.heal();
  while (api.breakers.get('down')?.state !== 'closed') {
    const { retryAt = 0 } = api.breakers.get('down') ?? {};
    await new Promise((resolve) => setTimeout(resolve, Math.max(10, retryAt - Date.now())));
    const probe = await api(`${url}/down`).catch(() => undefined);
    await probe?.text();
  }
  await (await api(`${url}/poor`)).text();
  await (await api(`${url}/dies`)).text().catch(() => undefined);
  const stop = new AbortController();
  const hangs = api(`${url}/hangs`, { signal: stop.signal }).catch(() => undefined);
  await service.hanging;
  stop.abort();
  await hangs;
}
