import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { onBehalfOf } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

function service(status = 503) {
  const seen: (string | null)[] = [];
  const fetch = async (_input: unknown, init?: { headers?: Record<string, string> }) => {
    seen.push(new Headers(init?.headers).get('no-retry'));
    return new Response(null, { status });
  };
  return { seen, fetch: fetch as typeof globalThis.fetch };
}

const quick = { attempts: 3, base: 0, cap: 0 };
const url = 'http://service.test/';

test('off by default: no header, and no inbound request is asked', async () => {
  const { seen, fetch } = service();
  const api = createClient({ fetch, retry: quick }, new ManualRuntime());
  await onBehalfOf({ 'no-retry': '?1' }, () => api(url));
  expect(seen).toEqual([null, null, null]);
});

test('retries say that they are retries, first attempts say nothing', async () => {
  const { seen, fetch } = service();
  const api = createClient({ fetch, retry: quick, layers: true }, new ManualRuntime());
  await api(url);
  expect(seen).toEqual([null, '?1', '?1']);
});

test('on behalf of a retry a call is tried once, and passes it on', async () => {
  const { seen, fetch } = service();
  const api = createClient({ fetch, retry: quick, layers: true }, new ManualRuntime());
  await onBehalfOf(new Headers({ 'No-Retry': '?1' }), async () => {
    await Promise.resolve();
    await api(url);
  });
  expect(seen).toEqual(['?1']);
  await onBehalfOf(new Headers(), () => api(url));
  expect(seen.slice(1)).toEqual([null, '?1', '?1']);
});

test('who is out of budget says so with the first attempt', async () => {
  const { seen, fetch } = service();
  const api = createClient(
    { fetch, retry: quick, layers: true, budget: { reserve: 0 }, patience: 0 },
    new ManualRuntime(),
  );
  await api(url);
  expect(seen).toEqual(['?1']);
});

test('the header of the caller’s own stays beside it', async () => {
  let sent: Headers | undefined;
  const fetch = async (_input: unknown, init?: { headers?: Record<string, string> }) => {
    sent = new Headers(init?.headers);
    return new Response(null, { status: 200 });
  };
  const api = createClient(
    { fetch: fetch as typeof globalThis.fetch, layers: true, budget: { reserve: 0 } },
    new ManualRuntime(),
  );
  await api(url, { headers: { 'x-mine': '1' } });
  expect(Object.fromEntries(sent ?? [])).toEqual({ 'x-mine': '1', 'no-retry': '?1' });
});

const handler = () => 1;

test.each<[unknown, unknown, string]>([
  [undefined, handler, 'takes the headers of the inbound request first, got undefined'],
  ['no-retry: ?1', handler, 'takes the headers of the inbound request first, got string'],
  [{ headers: {} }, handler, 'write request.headers'],
  [new Request('http://service.test'), handler, 'write request.headers'],
  [{}, undefined, 'takes the handler second, got undefined'],
])('onBehalfOf refuses what it could only ignore: %s', (headers, handler, message) => {
  const call = () => onBehalfOf(headers as never, handler as never);
  expect(call).toThrow(TypeError);
  expect(call).toThrow(message);
});
