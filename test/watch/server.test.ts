import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { watch } from '../../src/watch/index.ts';
import type { Told } from '../../src/watch/message.ts';
import { startWatchServer, type WatchServer } from '../../src/watch/server.ts';
import { eventually } from '../support/eventually.ts';

let server: WatchServer;
let port: number;
beforeAll(async () => {
  server = await startWatchServer(0);
  port = Number(new URL(server.url).port);
});
afterAll(() => server.close());

/** By node:http, because `fetch` lets nobody choose the Host header. */
async function ask(path: string, { body = '', ...options }: RequestOptions & { body?: string } = {}) {
  const sending = request({ host: '127.0.0.1', port, path, agent: false, ...options }).end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  onTestFinished(() => void response.destroy());
  return response;
}

/** What a page is told from now on, after what it missed. */
async function lines(): Promise<Told[]> {
  const told: Told[] = [];
  let rest = '';
  const response = await ask('/lines');
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) if (block.startsWith('data: ')) told.push(JSON.parse(block.slice(6)));
  });
  return told;
}

const ndjson = { 'content-type': 'application/x-ndjson' };

describe('the page of steadfetch watch', () => {
  test.each(['evil.example', `evil.example:80`, '127.0.0.1', 'localhost:1', `127.0.0.1.evil.example`])(
    'is refused to whoever calls it %s: another name of 127.0.0.1 may be a web page’s',
    async (host) => {
      for (const path of ['/', '/lines', '/page.js']) {
        expect((await ask(path, { headers: { host } })).statusCode).toBe(403);
      }
      const post = { method: 'POST', headers: { ...ndjson, host }, body: '{"kind":"hello"}\n' };
      expect((await ask('/processes', post)).statusCode).toBe(403);
    },
  );

  test('is there for 127.0.0.1 and localhost, and tells them its stream of lines', async () => {
    for (const name of ['127.0.0.1', 'localhost']) {
      const response = await ask('/lines', { headers: { host: `${name}:${port}` } });
      expect(response.statusCode).toBe(200);
      expect(response.headers['content-type']).toBe('text/event-stream');
      expect(response.headers['content-security-policy']).toContain("default-src 'none'");
      expect(response.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test.each([
    ['GET', '/package.json'],
    ['GET', '/../package.json'],
    ['GET', '/processes'],
    ['PUT', '/'],
    ['POST', '/lines'],
  ])('has nothing else: %s %s', async (method, path) => {
    expect((await ask(path, { method })).statusCode).toBe(404);
  });

  test('takes lines in no type that a web page may send without asking', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      const post = { method: 'POST', headers: { 'content-type': type }, body: '{"kind":"hello"}\n' };
      expect((await ask('/processes', post)).statusCode).toBe(415);
    }
  });

  test('leaves out a line that it can’t read, and says when a process has gone', async () => {
    const told = await lines();
    const sending = request({ host: '127.0.0.1', port, path: '/processes', method: 'POST', headers: ndjson });
    sending.on('error', () => {});
    sending.write('{"kind":"hello","pid":1}\nnot JSON\nnull\n{"kind":"tick","at":1}\n');
    await eventually(() => expect(told).toHaveLength(2));
    sending.destroy();
    await eventually(() => expect(told.map(({ line }) => line.kind)).toEqual(['hello', 'tick', 'bye']));
    // A page that comes later is told the same.
    const later = await lines();
    await eventually(() => expect(later.slice(-3)).toEqual(told));
  });

  test('is told no more than it reads: what a page that sleeps has missed does not fill the memory', async () => {
    const asleep = await ask('/lines');
    const sending = request({ host: '127.0.0.1', port, path: '/processes', method: 'POST', headers: ndjson });
    sending.on('error', () => {});
    const awake = await lines();
    const line = `${JSON.stringify({ kind: 'tick', filler: 'x'.repeat(200_000) })}\n`;
    // One after the other, as the page that is awake reads them.
    for (let sent = 1; sent <= 150; sent++) {
      const before = awake.length;
      sending.write(line);
      await eventually(() => expect(awake.length).toBeGreaterThan(before));
    }
    sending.end();
    await eventually(() => expect(awake.at(-1)?.line).toEqual({ kind: 'bye' }));
    let bytes = 0;
    let latest = '';
    asleep.setEncoding('utf8').on('data', (text: string) => {
      bytes += text.length;
      latest = (latest + text).slice(-100);
    });
    await eventually(() => expect(latest).toContain('"bye"'));
    // Of 30 MB; what the sockets hold comes on top of what is kept for it.
    expect(bytes).toBeLessThan(15_000_000);
  });

  test('shows the calls of a process that watches itself, until that ends', async () => {
    const told = await lines();
    const stop = watch({ port, every: 50 });
    onTestFinished(stop);
    const hello = () => told.find(({ line }) => line.kind === 'hello' && line.pid === process.pid);
    await eventually(() => expect(hello()).toBeDefined());
    const api = createFetch({ fetch: async () => new Response() });
    await api('http://service.test/shown');
    const mine = () => told.filter((one) => one.process === hello()?.process).map(({ line }) => line);
    await eventually(() => expect(JSON.stringify(mine())).toContain('http://service.test/shown'));
    stop();
    await eventually(() => expect(mine().at(-1)).toEqual({ kind: 'bye' }));
    await api('http://service.test/unseen');
    expect(JSON.stringify(mine())).not.toContain('unseen');
  });
});

describe('watch() in a process', () => {
  test.each<[unknown, string]>([
    [null, 'options must be a plain object, got null'],
    [{ prot: 1 }, 'prot is not an option; did you mean port?'],
    [{ port: 0 }, 'port must be a whole number from 1 to 65535, got 0'],
    [{ port: '80' }, 'port must be a whole number from 1 to 65535, got "80"'],
    [{ every: 10 }, 'every must be a whole number from 50 to 60000, got 10'],
  ])('refuses what it does not know: %j', (options, message) => {
    expect(() => watch(options as never)).toThrow(
      expect.objectContaining({ name: 'PolicyError', message: expect.stringContaining(message) }),
    );
  });
});
