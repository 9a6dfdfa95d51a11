import { createServer } from 'node:http';
import { runInNewContext } from 'node:vm';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import * as undici from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createFetch, type SteadFetch } from '../../src/index.ts';
import { listenForTests } from '../support/listen-for-tests.ts';

const EMPTY_MODULE = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/module') {
    response.writeHead(200, { 'content-type': 'application/wasm' }).end(EMPTY_MODULE);
  } else if (request.url === '/form') {
    response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded' }).end('a=1&b=2');
  } else if (request.url === '/moved') {
    response.writeHead(302, { location: '/' }).end();
  } else {
    response.writeHead(200, { 'content-type': 'application/json', 'x-a': '1' }).end('{"a":1}');
  }
});
const url = await listenForTests(server);

const names = ['fetch', 'Response', 'Headers', 'Request', 'FormData'] as const;
const originals = Object.fromEntries(names.map((name) => [name, globalThis[name]]));
afterEach(() => {
  Object.assign(globalThis, originals);
});

/** Ways to a response, each of which is made in its own way. */
const ways: Readonly<Record<string, (api: SteadFetch) => Promise<Response>>> = {
  'a plain call': (api) => api(url),
  'a redirect that was followed': (api) => api(`${url}/moved`),
  'a call that fetch makes': (api) => api(url, { cache: 'no-store' } as RequestInit),
  'a data: URL': (api) => api('data:application/json,{"a":1}'),
  'a clone': async (api) => (await api(url)).clone(),
};

for (const [what, get] of Object.entries(ways)) {
  test(`${what} gives the runtime's own Response, Headers and stream`, async () => {
    const response = await get(createFetch());
    expect(response).toBeInstanceOf(Response);
    expect(response.constructor).toBe(Response);
    expect(Object.prototype.toString.call(response)).toBe('[object Response]');
    expect(response.headers).toBeInstanceOf(Headers);
    expect(response.headers.constructor).toBe(Headers);
    expect(response.body).toBeInstanceOf(ReadableStream);
    expect(await response.json()).toEqual({ a: 1 });
  });

  test(`${what} shows its members in a loop over them, as the runtime's own does`, async () => {
    const members = (response: Response) => {
      const names: string[] = [];
      for (const name in response) names.push(name);
      return names.sort();
    };
    expect(members(await get(createFetch()))).toEqual(members(new Response()));
  });

  test(`${what} can be the init of another Response`, async () => {
    const response = await get(createFetch());
    const copy = new Response(response.body, response);
    expect(copy.status).toBe(200);
    expect(copy.headers.get('content-type')).toBe('application/json');
    expect(await copy.json()).toEqual({ a: 1 });
  });
}

test("with undici's classes installed, the responses of a client made then are undici's", async () => {
  const before = createFetch();
  Object.assign(globalThis, { Response: undici.Response, Headers: undici.Headers });
  const response = await createFetch()(url);
  expect(response).toBeInstanceOf(undici.Response);
  expect(response.headers).toBeInstanceOf(undici.Headers);
  expect(await before(url)).toBeInstanceOf(originals.Response);
});

test('a module is compiled from a response', async () => {
  // The types of Node leave it out.
  const wasm = Reflect.get(globalThis, 'WebAssembly') as {
    compileStreaming(source: Promise<Response>): Promise<unknown>;
    Module: new () => unknown;
  };
  const module = await wasm.compileStreaming(createFetch()(`${url}/module`));
  expect(module).toBeInstanceOf(wasm.Module);
});

test("forms and blobs are the runtime's", async () => {
  const api = createFetch();
  const form = await (await api(`${url}/form`)).formData();
  expect(form).toBeInstanceOf(FormData);
  expect([...form]).toEqual([
    ['a', '1'],
    ['b', '2'],
  ]);
  const blob = await (await api(url)).blob();
  expect([blob instanceof Blob, blob.type, await blob.text()]).toEqual([true, 'application/json', '{"a":1}']);
});

test("whoever looks past a response's members is refused, not shown an empty one", async () => {
  const response = await createFetch()(url);
  const past = async () => Response.prototype.json.call(response);
  await expect(past()).rejects.toThrow(TypeError);
});

test('headers of a response can be read, copied, and not changed', async () => {
  const { headers } = await createFetch()(url);
  expect(() => headers.set('x-a', '2')).toThrow(new TypeError('immutable'));
  expect(() => headers.append('not a name', '2')).toThrow(/invalid header name/i);
  expect(new Headers(headers).get('x-a')).toBe('1');
  expect(new Map(headers).get('x-a')).toBe('1');
});

describe("behind Hono's server, which replaces the global Response", () => {
  const early = createFetch();
  let late: SteadFetch;
  const app = new Hono();
  app.get('/:when/returned', (c) => (c.req.param('when') === 'early' ? early : late)(url));
  app.get('/:when/proxied', async (c) => {
    const response = await (c.req.param('when') === 'early' ? early : late)(url);
    return new Response(response.body, response);
  });
  let hono: ReturnType<typeof serve>;
  let origin = '';
  beforeAll(
    () =>
      new Promise<void>((resolve) => {
        hono = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
          origin = `http://127.0.0.1:${port}`;
          late = createFetch();
          resolve();
        });
      }),
  );
  afterAll(() => {
    hono.close();
    Object.assign(globalThis, originals);
  });

  for (const when of ['early', 'late']) {
    for (const how of ['returned', 'proxied']) {
      test(`a response of a client made ${when} keeps status, headers and body when ${how}`, async () => {
        const response = await early(`${origin}/${when}/${how}`);
        expect([response.status, response.headers.get('x-a'), await response.json()]).toEqual([
          200,
          '1',
          { a: 1 },
        ]);
      });
    }
  }
});

test('where the global Response is a class that somebody derived from it, that class makes the response', async () => {
  class Derived extends Response {
    readonly own = this.headers.get('x-a');
  }
  globalThis.Response = Derived;
  try {
    const response = await createFetch()(url);
    expect(response).toBeInstanceOf(Derived);
    expect(response).toHaveProperty('own', '1');
    expect([response.status, response.headers.get('x-a'), await response.json()]).toEqual([
      200,
      '1',
      { a: 1 },
    ]);
  } finally {
    Object.assign(globalThis, originals);
  }
});

test('a body whose stream was asked for is read under jsdom, too, where Uint8Array is of another realm', async () => {
  const { Uint8Array: own } = globalThis;
  const response = await createFetch()(url);
  expect(response.body?.locked).toBe(false);
  try {
    globalThis.Uint8Array = runInNewContext('Uint8Array');
    expect(await response.json()).toEqual({ a: 1 });
  } finally {
    globalThis.Uint8Array = own;
  }
});
