import { request } from 'undici';
import { describe, expect, test } from 'vitest';
import { callReport, createFetch, type SteadInit } from '../../src/index.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';
import { guarded, quick } from '../undici/support.ts';

// Callers leave optional headers undefined. Without care, no key is sent, or the same key for every piece of work.

const unavailable: Fault = { kind: 'answer', status: 503 };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4/;
type FetchHeaders = NonNullable<SteadInit['headers']>;
const NAME = 'Idempotency-Key';

const keysOf = (requests: readonly { headers: Readonly<Record<string, string>> }[]) =>
  requests.map(({ headers }) => headers['idempotency-key']);

/** The header with that value, in every form that an entry point accepts. */
const undiciForms = (value: unknown): [string, unknown][] => [
  ['an object', { [NAME]: value, 'x-a': '1' }],
  ['an object, in another case', { 'x-a': '1', 'IDEMPOTENCY-KEY': value }],
  ['names and values in turn', ['x-a', '1', NAME, value]],
  ['a Map', new Map<string, unknown>(Object.entries({ [NAME]: value, 'x-a': '1' }))],
];
const fetchForms = (value: unknown): [string, unknown][] => [
  ['an object', { [NAME]: value, 'x-a': '1' }],
  ['pairs', Object.entries({ [NAME]: value, 'x-a': '1' })],
  ['a Map', new Map<string, unknown>(Object.entries({ [NAME]: value, 'x-a': '1' }))],
];

describe('through the interceptor, a key header that has no value is not set: a fresh key goes out, on every attempt', () => {
  const nothings: unknown[] = [undefined, null, [], [undefined], [null]];
  const rows = nothings.flatMap((value) =>
    undiciForms(value).map(([form, headers]) => [JSON.stringify([value]), form, headers] as const),
  );
  test.each(rows)('%s in %s', async (_value, _form, headers) => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { dispatcher } = guarded();
    const { body, statusCode, context } = await request(server.url, {
      dispatcher,
      method: 'POST',
      body: 'x',
      headers: headers as Record<string, string>,
    });
    await body.dump();
    expect(statusCode).toBe(201);
    const [first, second] = keysOf(server.requests);
    expect(first).toMatch(UUID);
    expect(second).toBe(first);
    expect(callReport(context)?.idempotencyKey).toBe(first);
    expect(server.requests.map(({ headers }) => headers['x-a'])).toEqual(['1', '1']);
  });

  test('without a dialect, the header goes as undici sends it, and an unsafe call is not repeated', async () => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const { dispatcher } = guarded({ ...quick, idempotency: false });
    const headers = { [NAME]: undefined } as unknown as Record<string, string>;
    const { body } = await request(server.url, { dispatcher, method: 'POST', body: 'x', headers });
    await body.dump();
    expect(keysOf(server.requests)).toEqual([undefined]);
  });
});

describe('through fetch, a key header that is undefined is not set', () => {
  test.each(fetchForms(undefined))('in %s: two calls have two fresh keys', async (_form, headers) => {
    await using server = await startFaultServer();
    const api = createFetch();
    for (const body of ['1', '2'])
      await api(server.url, { method: 'POST', body, headers: headers as FetchHeaders });
    const [first, second] = keysOf(server.requests);
    expect(first).toMatch(UUID);
    expect(second).toMatch(UUID);
    expect(second).not.toBe(first);
  });
});

describe('a missing value that became text is refused by name, before anything is sent', () => {
  const texts = ['undefined', 'null', 'NaN', 'true', 'false', '[object Object]', ''];

  test.each(
    texts.flatMap((text) => fetchForms(text).map(([form, headers]) => [text, form, headers] as const)),
  )('by fetch: "%s" in %s', async (_text, _form, headers) => {
    await using server = await startFaultServer();
    const call = createFetch()(server.url, { method: 'POST', body: 'x', headers: headers as FetchHeaders });
    expect(await errorOf(call)).toMatchObject({ name: 'TypeError', message: expect.stringContaining(NAME) });
    expect(server.requests).toHaveLength(0);
  });

  test.each([null, Number.NaN, {}, '', true])(
    'by fetch: %s, of which it would send the text',
    async (value) => {
      await using server = await startFaultServer();
      const headers = { [NAME]: value } as unknown as FetchHeaders;
      const call = createFetch()(server.url, { method: 'POST', body: 'x', headers });
      expect(await errorOf(call)).toMatchObject({
        name: 'TypeError',
        message: expect.stringContaining(NAME),
      });
      expect(server.requests).toHaveLength(0);
    },
  );

  test.each(['undefined', 'null', 'NaN', 'false'])('by the interceptor: "%s"', async (text) => {
    await using server = await startFaultServer();
    const { dispatcher } = guarded();
    const call = request(server.url, { dispatcher, method: 'POST', body: 'x', headers: { [NAME]: text } });
    expect(await errorOf(call)).toMatchObject({ name: 'TypeError', message: expect.stringContaining(NAME) });
    expect(server.requests).toHaveLength(0);
  });

  test.each(['undefined', 'NaN'])('as idempotencyKey: "%s"', async (text) => {
    const post = { method: 'POST', body: 'x' };
    const api = createFetch({ fetch: () => expect.unreachable() });
    for (const idempotencyKey of [text, ['charge', text]]) {
      const error = await errorOf(api('http://127.0.0.1:9/', { ...post, idempotencyKey }));
      expect(error).toMatchObject({ name: 'TypeError', message: expect.stringContaining('idempotencyKey') });
    }
  });
});
