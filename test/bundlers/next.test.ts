import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startService } from '../clients/service.ts';
import { expectCharge } from './expect-charge.ts';
import { environment, here, node, nodeOf, packaged } from './nodes.ts';

const NEXT = packaged('next/dist/bin/next');

const bundlers = [
  { name: 'Turbopack', flag: '--turbopack', routes: ['charge', 'edge'] },
  { name: 'webpack', flag: '--webpack', routes: ['charge'] },
];

// One after the other: each takes all the processors that there are.
describe.each(bundlers)('Next.js, bundled by $name', ({ flag, routes }) => {
  const EDGE = routes.includes('edge') ? 'true' : '';
  const env = { DIST: `.next${flag}`, EDGE, NEXT_TELEMETRY_DISABLED: '1' };
  let server: AsyncDisposable & { origin: string };
  beforeAll(async () => {
    await node([NEXT, 'build', flag, 'next'], { env });
    server = await start(env);
  }, 300_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await rm(join(here, 'next', env.DIST), { recursive: true, force: true });
  });

  it.each(routes)('makes a call from a route: /%s', async (route) => {
    await expectCharge(async (origin) => (await fetch(`${server.origin}/${route}?origin=${origin}`)).json());
  });

  it('protects a route handler: a repeat gets the first answer, for the order in its path', async () => {
    const post = async (key: string, cents: number) => {
      const response = await fetch(`${server.origin}/orders/7/charges`, {
        method: 'POST',
        headers: { 'idempotency-key': key },
        body: JSON.stringify({ cents }),
      });
      return [response.status, response.headers.get('idempotency-replayed'), await response.json()];
    };
    const first = { order: '7', cents: 5, run: 1 };
    expect(await post('a', 5)).toEqual([201, null, first]);
    expect(await post('a', 5)).toEqual([201, 'true', first]);
    expect(await post('a', 6)).toEqual([422, null, expect.objectContaining({ code: 'key_reused' })]);
    expect(await post('b', 6)).toEqual([201, null, { order: '7', cents: 6, run: 2 }]);
  });

  it('hands on a Response that a route returns', async () => {
    await using service = await startService(
      (response) =>
        response.writeHead(201, { 'x-own': 'kept', 'content-type': 'text/plain' }).end('the body'),
      'unavailable',
    );
    const response = await fetch(`${server.origin}/returned?origin=${service.url}`);
    expect([response.status, response.headers.get('x-own'), await response.text()]).toEqual([
      201,
      'kept',
      'the body',
    ]);
    expect(service.seen).toHaveLength(2);
  });
});

async function start(env: Record<string, string>): Promise<AsyncDisposable & { origin: string }> {
  const args = [NEXT, 'start', 'next', '--port', '0', '--hostname', '127.0.0.1'];
  const child = spawn(nodeOf('20'), args, {
    cwd: here,
    env: environment({ env }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = async () => void child.kill('SIGKILL');
  let printed = '';
  for await (const chunk of child.stdout) {
    printed += chunk;
    const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0];
    if (origin !== undefined && printed.includes('Ready')) return { origin, [Symbol.asyncDispose]: stop };
  }
  throw new Error(`it did not start: ${printed}`);
}
