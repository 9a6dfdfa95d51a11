import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createFetch } from 'steadfetch';
import { describe, expect, it } from 'vitest';
import { type Answer, startService } from './service.ts';

// A Response from steadfetch, returned by the caller's own handler. (Next.js: test/bundlers.)

const answer: Answer = (response) =>
  response.writeHead(201, { 'x-own': 'kept', 'content-type': 'text/plain' }).end('the body');
const api = createFetch({ retry: { base: 1, cap: 1 } });

async function expectPassedOn(response: Response): Promise<void> {
  expect([response.status, response.headers.get('x-own'), response.headers.get('content-type')]).toEqual([
    201,
    'kept',
    'text/plain',
  ]);
  expect(await response.text()).toBe('the body');
}

describe('Hono', () => {
  it.each<[string, (url: string) => Response | Promise<Response>]>([
    ['as it is', (url) => api(url)],
    [
      'its body and head in another',
      async (url) => api(url).then((given) => new Response(given.body, given)),
    ],
  ])('returns it: %s', async (_name, handler) => {
    await using service = await startService(answer, 'unavailable');
    const app = new Hono().get('/', () => handler(service.url));
    const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expectPassedOn(await fetch(`http://127.0.0.1:${port}/`));
    server.close();
  });
});

describe('SvelteKit', () => {
  it('returns it from an endpoint', { timeout: 120_000 }, async () => {
    await using service = await startService(answer, 'unavailable');
    const cwd = join(import.meta.dirname, 'sveltekit');
    const vite = join(import.meta.dirname, 'node_modules/vite/bin/vite.js');
    const server = spawn(process.execPath, [vite, 'dev', '--port', '0'], {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
    });
    try {
      let origin: string | undefined;
      for await (const chunk of server.stdout) {
        origin = /http:\/\/127\.0\.0\.1:\d+/.exec(String(chunk))?.[0];
        if (origin !== undefined) break;
      }
      await expectPassedOn(await fetch(`${origin}/call?service=${encodeURIComponent(service.url)}`));
    } finally {
      server.kill('SIGKILL');
    }
  });
});
