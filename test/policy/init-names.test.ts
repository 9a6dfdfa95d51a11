import { describe, expect, it, test } from 'vitest';
import { createFetch } from '../../src/fetch/create-fetch.ts';
import type { FetchLike, SteadInit } from '../../src/model/options.ts';
import { callOptions } from '../../src/undici/call-options.ts';

/** What `fetch` was given, if it was asked at all. */
function client() {
  const sent: unknown[] = [];
  const fetch: FetchLike = async (_input, init) => {
    sent.push(init);
    return new Response('ok');
  };
  return { api: createFetch({ fetch }), sent };
}

const stray: [string, unknown, string][] = [
  ['retry', false, 'retry belongs in policy: write { policy: { retry: … } }'],
  ['retry', { attempts: 1 }, 'retry belongs in policy'],
  ['timeout', 1, 'timeout belongs in policy'],
  ['timeout', false, 'timeout belongs in policy'],
  ['idempotency', 'stripe', 'idempotency belongs in policy'],
  ['breaker', false, 'breaker belongs in policy'],
  ['budget', false, 'budget belongs in policy'],
  ['buffer', 9, 'buffer belongs in policy'],
  ['json', { a: 1 }, 'json is no option of a call: write body: JSON.stringify(value)'],
  ['data', { a: 1 }, 'data is no option of a call: write body: JSON.stringify(data)'],
  ['json', null, 'json is no option of a call'],
  ['params', { a: 1 }, 'params is no option of a call: write them into the URL'],
  ['params', 'a=1', 'params is no option of a call: write them into the URL'],
  ['searchParams', {}, 'searchParams is no option of a call: write them into the URL'],
  ['retries', 0, 'retries is no option of a call: write { policy: { retry: { attempts } } }'],
  ['attempts', 2, 'attempts is no option of a call: write { policy: { retry: { attempts } } }'],
  ['header', {}, 'header is no option of a call: write headers'],
  ['abortSignal', AbortSignal.abort(), 'abortSignal is no option of a call: write signal'],
  ['idempotencykey', 'k', 'idempotencykey is no option of a call; did you mean idempotencyKey?'],
  ['idempotency_key', 'k', 'did you mean idempotencyKey?'],
  ['idempotency-key', 'k', 'did you mean idempotencyKey?'],
  ['idempotenceKey', 'k', 'did you mean idempotencyKey?'],
  ['Policy', {}, 'did you mean policy?'],
];

describe('a member of init that looks as if it did something', () => {
  it.each(stray)('is refused before anything is sent: %s', async (name, value, message) => {
    const { api, sent } = client();
    const init = { method: 'POST', [name]: value } as SteadInit;
    const refusal = expect.objectContaining({ name: 'PolicyError', path: name });
    await expect(api('http://service.test/', init)).rejects.toEqual(refusal);
    await expect(api('http://service.test/', init)).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });

  it.each(stray)('is refused by callOptions too: %s', (name, value, message) => {
    expect(() => callOptions({ method: 'POST', [name]: value })).toThrow(message);
  });
});

describe('what ofetch hands on of its own', () => {
  const signal = new AbortController().signal;
  const headers = new Headers();

  it.each<[string, object]>([
    ['retry: 0, which it adds itself', { headers, retry: 0 }],
    ['a timeout, beside the signal that it ends by', { headers, signal, timeout: 1 }],
  ])('is left out of what is sent: %s', async (_what, init) => {
    const { api, sent } = client();
    await api('http://service.test/', { ...init, responseType: 'json' } as SteadInit);
    expect(sent).toEqual([expect.objectContaining({ responseType: 'json' })]);
    expect(sent).toEqual([expect.not.objectContaining({ retry: expect.anything() })]);
    expect(sent).toEqual([expect.not.objectContaining({ timeout: expect.anything() })]);
  });

  it.each<[string, object]>([
    ['repeats', { headers, retry: 1 }],
    ['no retries, as a policy says it', { headers, retry: false }],
    ['ours, which is an object', { headers, retry: {} }],
    ['no retries, written by hand', { headers: {}, retry: 0 }],
    ['a timeout without a signal', { headers, timeout: 1 }],
    ['a timeout, written by hand', { headers: {}, signal, timeout: 1 }],
  ])('is refused where it means something else: %s', async (_what, init) => {
    const { api, sent } = client();
    await expect(api('http://service.test/', init as SteadInit)).rejects.toThrow('belongs in policy');
    expect(sent).toEqual([]);
  });
});

describe('params that stand in the URL already, as from a library that wrote them there', () => {
  const url = 'http://service.test/?a=1&b%5B%5D=2&c.d=3';

  it.each<[string, string, unknown]>([
    ['of an object, as xior and PocketBase hand them on', url, { a: 1, b: [2], c: { d: 3 } }],
    ["of URLSearchParams, as Apollo's RESTDataSource does", url, new URLSearchParams({ a: '1' })],
    ['without a value', url, { a: 1, e: undefined, f: null, g: [], h: '' }],
    ['none at all', 'http://service.test/', new URLSearchParams()],
  ])('are left out of what is sent: %s', async (_what, to, params) => {
    const { api, sent } = client();
    await api(to, { params } as SteadInit);
    expect(sent).toEqual([expect.not.objectContaining({ params: expect.anything() })]);
  });

  it.each([
    ['is missing there', { a: 1, limit: 5 }],
    ['has another value there', { a: 2 }],
    ['is but the beginning of another name there', { c: 3 }, 'http://service.test/?count=3'],
    ['is nested, and but the beginning of another name there', { c: { d: 3 } }, 'http://service.test/?cd=3'],
  ])('are refused if one of them %s', async (_what, params, to = url) => {
    const { api, sent } = client();
    await expect(api(to, { params } as SteadInit)).rejects.toThrow('params is no option of a call');
    expect(sent).toEqual([]);
  });
});

describe('what a library hands on of its own, by a member that is its mark', () => {
  const gaxios = { fetchImplementation: () => {}, data: { a: 1 }, params: {} };
  const better = { customFetchImpl: () => {}, baseURL: 'x', params: {}, timeout: 1 };
  const alova = { shareRequest: true, params: { a: 1 }, timeout: 2_000 };
  const up = { parseRejected: () => {}, parseResponse: () => {}, timeout: 1 };

  it.each<[string, object]>([
    ["gaxios' retries, which users of Google's libraries can't switch off", { ...gaxios, retry: true }],
    ["better-fetch's options", better],
    ["alova's options", alova],
    ["better-fetch's retries, if there are none", { ...better, retry: 0 }],
    [
      "up-fetch's retries, of which it always says that there are none",
      { ...up, retry: { attempts: 0, delay: 0 } },
    ],
  ])('is left out of what is sent: %s', async (_what, init) => {
    const { api, sent } = client();
    await api('http://service.test/', { ...init, method: 'POST' } as SteadInit);
    expect(Object.keys(sent[0] as object).sort()).toEqual(['headers', 'method', 'signal']);
  });

  it.each<[string, object]>([
    ['better-fetch', { ...better, retry: 2 }],
    ['better-fetch', { ...better, retry: { type: 'linear', attempts: 2, delay: 1 } }],
    ['up-fetch', { ...up, retry: { attempts: 2, delay: 0 } }],
    ['up-fetch', { ...up, retry: { attempts: () => 2, delay: 0 } }],
  ])('is refused if it asks for repeats: of %s', async (library, init) => {
    const { api, sent } = client();
    const message = `retry is ${library}'s: leave its repeats out, for this client repeats`;
    await expect(api('http://service.test/', init as SteadInit)).rejects.toThrow(message);
    expect(sent).toEqual([]);
  });
});

test('any other member that fetch does not know is passed on', async () => {
  const { api, sent } = client();
  const more = { next: { revalidate: 1 }, cf: {}, custom: 0, retrying: 1, proxy: 'x', verbose: true };
  await api('http://service.test/', { ...more, json: undefined } as SteadInit);
  expect(sent).toEqual([expect.objectContaining(more)]);
  const undici = {
    method: 'GET',
    idempotent: true,
    blocking: false,
    headersTimeout: 1,
    bodyTimeout: 1,
    opaque: 1,
  };
  expect(callOptions(undici)).toBe(undici);
});

test('callOptions refuses a policy that is wrong where it was written', () => {
  expect(() => callOptions({ policy: { retry: { atempts: 1 } as object } })).toThrow(
    'policy.retry.atempts is not an option; did you mean retry.attempts?',
  );
});
