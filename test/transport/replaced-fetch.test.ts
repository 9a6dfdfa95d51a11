import { createServer } from 'node:http';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { listen } from '../support/listen.ts';

// Test files import their mocks, and set them up, before or after what they test.

const genuine = globalThis.fetch;
// msw 3 mocks connections as they are made, so none of a test before may be left open.
const server = createServer((_request, response) => {
  response.setHeader('connection', 'close').end('the real network');
});
let url = '';

beforeAll(async () => {
  url = `${await listen(server)}/`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => vi.resetModules());
afterEach(() => {
  globalThis.fetch = genuine;
});

/** Puts a mock in place; gives back what takes it away. */
const mocks: Record<string, () => () => void> = {
  'a stub': () => {
    globalThis.fetch = async () => new Response('mocked');
    return () => {
      globalThis.fetch = genuine;
    };
  },
  'a spy of vitest’s': () => {
    const spy = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('mocked'));
    return () => spy.mockRestore();
  },
  'an instrumentation that calls on': () => {
    globalThis.fetch = async function fetch(...args) {
      const response = await genuine(...args);
      await response.text();
      return new Response('mocked');
    };
    return () => {
      globalThis.fetch = genuine;
    };
  },
  'a bound one': () => {
    const stub = async () => new Response('mocked');
    globalThis.fetch = stub.bind(undefined);
    return () => {
      globalThis.fetch = genuine;
    };
  },
  msw: () => {
    const worker = setupServer(http.get(url, () => HttpResponse.text('mocked')));
    worker.listen();
    return () => worker.close();
  },
};

test.each(Object.entries(mocks))(
  '%s that was there before this package is used, and no longer than it is there',
  async (_name, install) => {
    let restore = install();
    try {
      const { createFetch } = await import('../../src/index.ts');
      const api = createFetch({ retry: false });
      expect(await (await api(url)).text()).toBe('mocked');
      restore();
      expect(await (await api(url)).text()).toBe('the real network');
      restore = install();
      expect(await (await api(url)).text()).toBe('mocked');
    } finally {
      restore();
    }
  },
);
