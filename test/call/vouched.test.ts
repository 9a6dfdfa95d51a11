import { expect, test } from 'vitest';
import { createClient } from '../../src/fetch/create-fetch.ts';
import { callReport, type Options, type SteadInit } from '../../src/index.ts';
import { ManualRuntime } from '../support/manual-runtime.ts';

// A key that was made by default protects only if the server honours it, and no rule says so.

const url = 'http://service.test/charges';
const post = { method: 'POST', body: 'x' };

/** Makes a call whose first answer is lost. */
async function lostOnce(options: Options, init: SteadInit) {
  let sends = 0;
  const fetch = async () => {
    if (++sends > 1) return new Response(null, { status: 200 });
    throw Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error(), { code: 'ECONNRESET' }),
    });
  };
  const api = createClient({ fetch, retry: { base: 0, cap: 0 }, ...options }, new ManualRuntime());
  const heard: boolean[] = [];
  api.on('retry', ({ vouched }) => heard.push(vouched));
  const result: unknown = await api(url, init).catch((error: unknown) => error);
  return { sends, heard, report: callReport(result) };
}

const endpoints = { 'POST http://service.test/*': { idempotency: 'stripe' } } as const;
const unkeyed: [string, Options, SteadInit] = ['a key made by default', {}, post];
const vouched: [string, Options, SteadInit][] = [
  ['a method that is idempotent', {}, { method: 'PUT', body: 'x' }],
  ['a key of the caller’s', {}, { ...post, idempotencyKey: ['charge', 7] }],
  ['a key in the header', {}, { ...post, headers: { 'idempotency-key': 'k' } }],
  ['a rule that names the dialect', { endpoints }, post],
];

test.each([unkeyed])(
  '%s is repeated, and the report and the event say that nobody vouches for it',
  async (_what, options, init) => {
    const { sends, heard, report } = await lostOnce(options, init);
    expect([sends, heard, report?.vouched, report?.stopped]).toEqual([2, [false], false, 'success']);
  },
);

test.each(vouched)('%s is vouched for', async (_what, options, init) => {
  const { sends, heard, report } = await lostOnce(options, init);
  expect([sends, heard, report?.vouched]).toEqual([2, [true], true]);
});

const required = { idempotency: { required: true } } as const;

test('with required: true a call whose delivery is unknown is not repeated on the word of nobody', async () => {
  const { sends, report } = await lostOnce(required, post);
  expect([sends, report?.stopped, report?.delivery]).toEqual([1, 'unsafe', 'unknown']);
});

test.each(vouched)('with required: true %s is repeated as ever', async (_what, options, init) => {
  expect((await lostOnce({ ...required, ...options }, init)).sends).toBe(2);
});
