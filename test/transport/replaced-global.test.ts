import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { callReport, createFetch, type FetchLike } from '../../src/index.ts';
import { listenForTests } from '../support/listen-for-tests.ts';

/** Answers 503 the first time a path is asked for. */
const hits = new Map<string, number>();
const server = createServer((request, response) => {
  const path = request.url ?? '';
  hits.set(path, (hits.get(path) ?? 0) + 1);
  response.statusCode = path.startsWith('/flaky') && hits.get(path) === 1 ? 503 : 200;
  response.end(request.headers['idempotency-key'] ?? 'no key');
});
const url = await listenForTests(server);

const original = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = original;
  hits.clear();
});

const quick = { retry: { base: 1, cap: 1 }, budget: false } as const;
const replace = (fetch: FetchLike) => {
  globalThis.fetch = fetch as typeof globalThis.fetch;
};

/** Ways in which the global `fetch` comes to lead to a client. */
const replacements: Readonly<Record<string, (api: FetchLike) => FetchLike>> = {
  'the client itself': (api) => api,
  'a function around it': (api) => (input, init) => api(input, init),
  'an async function that waits first': (api) => async (input, init) => {
    await new Promise((resolve) => setImmediate(resolve));
    return api(input, init);
  },
  'a function that makes a Request of it': (api) => (input, init) => api(new Request(input, init)),
  'a function that adds a header': (api) => (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('x-added', '1');
    return api(input, { ...init, headers });
  },
};

for (const [what, replacement] of Object.entries(replacements)) {
  test(`in place of the global fetch, ${what}: one request for each attempt`, async () => {
    const api = createFetch(quick);
    replace(replacement(api));
    const response = await fetch(`${url}/flaky`, {
      method: 'POST',
      body: 'x',
      headers: { 'idempotency-key': 'k1' },
    });
    expect([response.status, await response.text()]).toEqual([200, 'k1']);
    expect(hits.get('/flaky')).toBe(2);
  });

  test(`the client is called while the global fetch is ${what}: one request for each attempt`, async () => {
    const api = createFetch(quick);
    replace(replacement(api));
    const response = await api(`${url}/flaky`);
    expect(response.status).toBe(200);
    expect(hits.get('/flaky')).toBe(2);
    expect(callReport(response)?.attempts).toHaveLength(2);
  });

  test(`another client, while the global fetch is ${what}, is no matter of that one`, async () => {
    replace(replacement(createFetch({ ...quick, retry: false })));
    const other = createFetch(quick);
    const response = await other(`${url}/flaky`);
    expect(response.status).toBe(200);
    expect(callReport(response)?.attempts).toHaveLength(2);
  });
}

test('given a fetch that leads back to it, a client ends, too', async () => {
  const api: FetchLike = createFetch({ ...quick, fetch: (input, init) => globalThis.fetch(input, init) });
  replace(api);
  expect((await fetch(`${url}/flaky`)).status).toBe(200);
  expect(hits.get('/flaky')).toBe(2);
});

test('a client that sends through another one sends with the fetch that was given to that one', async () => {
  const inner = createFetch({ ...quick, fetch: async () => new Response('given') });
  const api = createFetch({ ...quick, fetch: (input, init) => inner(input, init) });
  expect(await (await api(`${url}/fine`)).text()).toBe('given');
  const request = createFetch({ ...quick, fetch: (input, init) => inner(new Request(input, init)) });
  expect(await (await request(`${url}/fine`)).text()).toBe('given');
  expect(hits.size).toBe(0);
});

test('two clients that were given each other end', async () => {
  const clients: FetchLike[] = [];
  for (const other of [1, 0]) {
    clients.push(
      createFetch({
        ...quick,
        fetch: async (input, init) => clients[other]?.(input, init) ?? Response.error(),
      }),
    );
  }
  expect((await clients[0]?.(`${url}/fine`))?.status).toBe(200);
  expect(hits.get('/fine')).toBe(1);
});

test('what a replacement asks for on the way is a call of its own, with its own retries', async () => {
  const api = createFetch(quick);
  replace(async (input, init) => {
    if (String(input).endsWith('-token')) return api(input, init);
    const token = await (await api(`${url}/flaky-token`)).text();
    return api(input, { ...init, headers: { 'x-token': token } });
  });
  expect((await fetch(`${url}/fine`)).status).toBe(200);
  // Once before the call and, since the client sends through the replacement, once on its way.
  expect(Object.fromEntries(hits)).toEqual({ '/flaky-token': 3, '/fine': 1 });
});

test('a mock that was there before the client took its place is what it sends with', async () => {
  replace(async () => new Response('mocked'));
  replace(createFetch(quick));
  expect(await (await fetch('http://mock.invalid/')).text()).toBe('mocked');
});

test('a mock that comes after is asked by everybody, and may let a request through', async () => {
  const api = createFetch(quick);
  replace(api);
  const before = globalThis.fetch;
  replace(async (input, init) =>
    String(input).endsWith('/mocked') ? new Response('mocked') : before(input, init),
  );
  expect(await (await fetch('http://mock.invalid/mocked')).text()).toBe('mocked');
  expect(await (await api('http://mock.invalid/mocked')).text()).toBe('mocked');
  expect(await (await api(`${url}/real`)).text()).toBe('no key');
  expect(hits.get('/real')).toBe(1);
});
