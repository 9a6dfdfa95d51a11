import { FormData as UndiciFormData, Headers as UndiciHeaders } from 'undici';
import { describe, expect, test, vi } from 'vitest';
import { createFetch, type FetchLike, type Options, fetch as ready } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { plainFetch } from './same-as-fetch.ts';

const unavailable: Fault = { kind: 'answer', status: 503 };
const quick: Options = { retry: { base: 1, cap: 2 } };
const odd = (value: unknown) => value as never;

/** Freezes a value and its members. A view can't be frozen, so its bytes are compared instead. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const name of Reflect.ownKeys(value)) deepFreeze(Reflect.get(value, name));
  return Object.freeze(value);
}

describe('nothing that the caller passed in is changed', () => {
  const headers: Record<string, () => unknown> = {
    record: () => ({ 'X-A': '1' }),
    pairs: () => [
      ['X-A', '1'],
      ['x-b', '2'],
    ],
    "the runtime's Headers": () => new Headers({ 'X-A': '1' }),
    "undici's Headers": () => new UndiciHeaders({ 'X-A': '1' }),
    Map: () => new Map([['X-A', '1']]),
  };
  for (const [kind, make] of Object.entries(headers)) {
    test(`headers: ${kind}`, async () => {
      await using server = await startFaultServer({ faults: [unavailable, unavailable] });
      const given = deepFreeze(make()) as Iterable<unknown>;
      const shown = () => (Symbol.iterator in given ? [...given] : { ...(given as object) });
      const before = shown();
      const init = deepFreeze({
        method: 'POST',
        headers: odd(given),
        body: 'order 7',
        idempotencyKey: ['charge', 7],
        policy: { retry: { attempts: 4, statuses: [503] }, timeout: { attempt: 1_000 } },
        unknown: { deep: [1] },
      });
      expect((await createFetch(quick)(server.url, odd(init))).status).toBe(201);
      expect(shown()).toEqual(before);
      expect(server.requests.map((request) => request.headers['x-a'])).toEqual(['1', '1', '1']);
    });
  }

  const bodies: Record<string, [make: () => object, show: (body: never) => unknown]> = {
    'a Buffer': [() => Buffer.from('order 7'), (body: Buffer) => body.toString()],
    'an ArrayBuffer': [
      () => new Uint8Array([1, 2, 3]).buffer,
      (body: ArrayBuffer) => [...new Uint8Array(body)],
    ],
    'a query string': [() => new URLSearchParams('a=b'), String],
    'a form': [() => fill(new FormData()), (body: FormData) => [...body]],
    "undici's form": [() => fill(odd(new UndiciFormData())), (body: FormData) => [...body]],
    'a Blob': [() => new Blob(['x'], { type: 'a/b' }), (body: Blob) => [body.size, body.type]],
  };
  for (const [kind, [make, show]] of Object.entries(bodies)) {
    test(`body: ${kind}`, async () => {
      await using server = await startFaultServer({ faults: [unavailable, unavailable] });
      const body = make();
      const before = show(odd(body));
      expect((await createFetch(quick)(server.url, odd({ method: 'POST', body }))).status).toBe(201);
      expect(show(odd(body))).toEqual(before);
      expect(Object.keys(body).filter((name) => !/^\d+$/.test(name))).toEqual([]);
    });
  }

  test('the URL, the signal and the options of the client', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const url = new URL(`${server.url}/a?b=c`);
    const { signal } = new AbortController();
    const [options, over] = [
      deepFreeze({ ...quick, endpoints: { 'GET *://*/*': { buffer: 100 } } }),
      { signal },
    ];
    await (await createFetch(options)(Object.freeze(url), Object.freeze(over))).text();
    expect(String(url)).toBe(`${server.url}/a?b=c`);
    expect(signal.aborted).toBe(false);
  });

  test('a Request, besides that its body was used', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const request = new Request(server.url, { method: 'POST', body: 'x', headers: { 'X-A': '1' } });
    const before = [...request.headers];
    await createFetch(quick)(request, { headers: { 'x-a': '2' } });
    expect([...request.headers]).toEqual(before);
    expect(request.method).toBe('POST');
  });
});

function fill(form: FormData): FormData {
  form.set('a', '1');
  return form;
}

describe('another fetch of the user is told', () => {
  /** The arguments with which the user's `fetch` is called. */
  async function told(
    input: Parameters<FetchLike>[0],
    init?: object,
  ): Promise<[unknown, Record<string, unknown>]> {
    const own = vi.fn(async (_input: unknown, _init?: object) => new Response('mine'));
    await createFetch({ ...quick, fetch: own })(input, init);
    const [url, given] = own.mock.calls[0] ?? [];
    return [url, given as Record<string, unknown>];
  }

  test('members of the init that nobody knows', async () => {
    const agent = { keepAlive: true };
    const symbol = Symbol('mine');
    const [url, init] = await told('http://api.example/a', { agent, next: { tags: ['a'] }, [symbol]: 1 });
    expect(url).toBe('http://api.example/a');
    expect(init).toMatchObject({ agent, next: { tags: ['a'] }, [symbol]: 1 });
    expect(init.agent).toBe(agent);
  });

  test('what a Request says, in an init', async () => {
    const request = new Request('http://api.example/a', {
      method: 'PUT',
      headers: { a: '1' },
      redirect: 'manual',
    });
    const [url, init] = await told(request, { mode: 'same-origin' });
    expect(url).toBe('http://api.example/a');
    expect(init).toMatchObject({ method: 'PUT', redirect: 'manual', mode: 'same-origin' });
    expect([...(init.headers as Headers)]).toEqual([['a', '1']]);
  });

  test('nothing of what is for steadfetch alone', async () => {
    const init = { idempotencyKey: 'k', policy: { retry: false }, method: 'POST' };
    expect(Object.keys((await told('http://api.example/', init))[1])).toEqual(
      expect.not.arrayContaining(['idempotencyKey', 'policy']),
    );
  });
});

test('a SteadFetch looks like fetch, and needs no this', async () => {
  await using server = await startFaultServer();
  const api = createFetch();
  expect({ type: typeof api, name: api.name, length: api.length }).toEqual({
    type: typeof plainFetch,
    name: globalThis.fetch.name,
    length: globalThis.fetch.length,
  });
  const { fetch } = { fetch: api };
  expect((await fetch.call(undefined, server.url)).status).toBe(200);
  expect((await ready(server.url)).status).toBe(200);
});

test('a call never throws: whatever is wrong is a rejection', async () => {
  const api = createFetch();
  const wrong = [
    [],
    ['x'],
    [Symbol('x')],
    ['http://a.example', 5],
    ['http://a.example', { policy: { a: 1 } }],
  ];
  for (const args of wrong) {
    const call = Reflect.apply(api, undefined, args);
    expect(call).toBeInstanceOf(Promise);
    await expect(call).rejects.toThrow();
  }
});
