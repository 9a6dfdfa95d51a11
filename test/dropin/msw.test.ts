import { delay, HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const quick: Options = { retry: { base: 1, cap: 2 } };
const url = 'https://api.pay.example/v1/charges';
const server = setupServer();

beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

test('handlers are asked again after a 503, see one and the same key, and the whole body each time', async () => {
  const seen: unknown[] = [];
  server.use(
    http.post(url, async ({ request }) => {
      const { headers } = request;
      seen.push({
        key: headers.get('idempotency-key'),
        type: headers.get('content-type'),
        body: await request.text(),
      });
      return seen.length < 3 ? new HttpResponse(null, { status: 503 }) : HttpResponse.json({ ok: true });
    }),
  );
  const response = await createFetch(quick)(url, {
    method: 'POST',
    body: 'order 7',
    idempotencyKey: 'order-7',
  });
  expect(await response.json()).toEqual({ ok: true });
  expect(seen).toEqual(Array(3).fill({ key: 'order-7', type: 'text/plain;charset=UTF-8', body: 'order 7' }));
  expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 503, 200]);
});

test('a form has the same boundary each time, and handlers can read it', async () => {
  const seen: unknown[] = [];
  server.use(
    http.post(url, async ({ request }) => {
      seen.push([request.headers.get('content-type'), [...(await request.formData())]]);
      return new HttpResponse(null, { status: seen.length < 2 ? 503 : 201 });
    }),
  );
  const body = new FormData();
  body.set('order', '7');
  expect((await createFetch(quick)(url, { method: 'POST', body })).status).toBe(201);
  expect(seen[0]).toMatchObject([expect.stringContaining('boundary='), [['order', '7']]]);
  expect(seen[1]).toEqual(seen[0]);
});

test('HttpResponse.error() is retried, and reported as unknown: nobody knows what the server did', async () => {
  server.use(http.post(url, () => HttpResponse.error()));
  const error = await createFetch(quick)(url, { method: 'POST' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'TypeError' });
  const report = callReport(error);
  expect(report).toMatchObject({ stopped: 'attempts', delivery: 'unknown' });
  expect(report?.attempts.map(({ reason }) => reason)).toEqual(Array(5).fill('network'));
});

test('HttpResponse.error() once, and then an answer', async () => {
  server.use(
    http.get(url, () => HttpResponse.error(), { once: true }),
    http.get(url, () => HttpResponse.text('fine')),
  );
  expect(await (await createFetch(quick)(url)).text()).toBe('fine');
});

test('a delay beyond the attempt timeout is a timeout, and retried', async () => {
  let asked = 0;
  server.use(
    http.get(url, async () => {
      if (++asked === 1) await delay('infinite');
      return HttpResponse.text('fine');
    }),
  );
  const response = await createFetch({ ...quick, timeout: { attempt: 40 } })(url);
  expect(await response.text()).toBe('fine');
  expect(callReport(response)?.attempts.map(({ reason }) => reason)).toEqual(['timeout', 'success']);
});

test('a delay for ever ends with the clock that ran out', async () => {
  server.use(http.get(url, () => delay('infinite')));
  const api = createFetch({ ...quick, timeout: { attempt: 10 } });
  await expect(api(url)).rejects.toMatchObject({ name: 'TimeoutError', phase: 'attempt' });
});

test("the caller's abort reaches a mocked call, with the caller's reason", async () => {
  server.use(http.get(url, () => delay('infinite')));
  const controller = new AbortController();
  const call = createFetch()(url, { signal: controller.signal });
  setImmediate(() => controller.abort('stop'));
  await expect(call).rejects.toBe('stop');
});

test('streams and functions reach handlers, too', async () => {
  const seen: string[] = [];
  server.use(
    http.post(url, async ({ request }) => {
      seen.push(await request.text());
      return new HttpResponse(null, { status: seen.length === 1 ? 503 : 201 });
    }),
  );
  const api = createFetch(quick);
  expect((await api(url, { method: 'POST', body: () => 'made' })).status).toBe(201);
  const body = new Blob(['streamed']).stream();
  expect((await api(url, { method: 'POST', body, duplex: 'half' })).status).toBe(201);
  expect((await api(new Request(url, { method: 'POST', body: 'requested' }))).status).toBe(201);
  expect(seen).toEqual(['made', 'made', 'streamed', 'requested']);
});

test('a fetch of your own is asked in spite of msw', async () => {
  const own = vi.fn(async () => new Response('mine'));
  expect(await (await createFetch({ fetch: own })(url)).text()).toBe('mine');
  expect(own).toHaveBeenCalledOnce();
});

test("without msw the same client is undici's again", async () => {
  await using real = await startFaultServer();
  const api = createFetch(quick);
  server.use(http.get(real.url, () => HttpResponse.text('mocked')));
  expect(await (await api(real.url)).text()).toBe('mocked');
  server.close();
  expect(await (await api(real.url)).json()).toMatchObject({ ok: true });
  server.listen({ onUnhandledRequest: 'error' });
  expect(real.requests).toHaveLength(1);
});

test('a stub of the global fetch is used like msw is, and is told what nobody knows', async () => {
  const stub = vi.fn(async (_input: unknown, _init?: object) => new Response('stubbed'));
  vi.stubGlobal('fetch', stub);
  const init = { method: 'PUT', body: 'x', color: 'red', redirect: 'manual' as const };
  const response = await createFetch()(url, init);
  vi.unstubAllGlobals();
  expect(await response.text()).toBe('stubbed');
  expect(stub).toHaveBeenCalledWith(url, expect.objectContaining(init));
  expect(stub.mock.calls[0]?.[1]).not.toHaveProperty('policy');
});
