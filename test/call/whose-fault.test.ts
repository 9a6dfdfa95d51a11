import { MockAgent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const quick: Options = { retry: { base: 1, cap: 1 }, breaker: { minimum: 2 }, patience: 0 };

/** An unreadable answer is the fault of the answer: the error says so, and the call is not retried. */
describe('six content-codings', () => {
  const answer: Fault = {
    kind: 'answer',
    status: 200,
    headers: { 'content-encoding': Array(6).fill('gzip').join(', ') },
  };
  test.each<[string, RequestInit]>([
    ['of a plain request', {}],
    ['of one that fetch sends', { headers: { 'if-none-match': '"a"' } }],
    ['of one with a body', { method: 'PUT', body: 'text' }],
  ])('%s are the answer’s fault, asked for once', async (_which, init) => {
    await using server = await startFaultServer({ fault: () => answer });
    const api = createFetch(quick);
    const error = await errorOf(api(server.url, init));
    expect(error).toMatchObject({ name: 'TypeError', cause: { message: /content-encodings/ } });
    expect(callReport(error)).toMatchObject({
      stopped: 'policy',
      attempts: [{ reason: 'network', status: 200 }],
    });
    expect(server.requests).toHaveLength(1);
    await errorOf(api(server.url, init));
    expect(api.breakers.get(server.url)?.state).toBe('open');
  });
});

test('a redirect that the caller forbids is nobody’s failure', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 302, headers: { location: '/' } }),
  });
  const api = createFetch(quick);
  for (let i = 0; i < 4; i++) {
    const error = await errorOf(api(server.url, { redirect: 'error' }));
    expect(callReport(error)).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'invalid' }] });
  }
  expect(api.breakers.get(server.url)?.state).toBe('closed');
});

test.each([
  ['a plain Error', new Error('socket hang up')],
  ['an Error with a code', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
  ['an Error of a class of its own', Object.assign(new Error('failed'), { name: 'FetchError' })],
])('%s that a mock answers with is a network error', async (_what, given) => {
  const mock = new MockAgent();
  mock.disableNetConnect();
  const failing = mock.get('http://service.test').intercept({ path: '/' }).replyWithError(given);
  failing.persist();
  const options: Options = { retry: { base: 1, cap: 1, attempts: 3 }, budget: false };
  const calls: Promise<unknown>[] = [
    createFetch({ ...options, dispatcher: mock })('http://service.test'),
    request('http://service.test', { dispatcher: mock.compose(resilience(options)) }),
  ];
  for (const call of calls) {
    expect(callReport(await errorOf(call))).toMatchObject({
      stopped: 'attempts',
      attempts: [{ reason: 'network' }, { reason: 'network' }, { reason: 'network' }],
    });
  }
  await mock.close();
});
