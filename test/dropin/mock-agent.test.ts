import { getGlobalDispatcher, MockAgent, setGlobalDispatcher } from 'undici';
import { afterEach, describe, expect, test } from 'vitest';
import { callReport, createFetch, type Options, type SteadFetch } from '../../src/index.ts';

const origin = 'https://api.pay.example';
const url = `${origin}/v1/charges`;
const quick: Options = { retry: { base: 1, cap: 2 } };

const usual = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(usual));

function mockAgent(): MockAgent {
  const agent = new MockAgent();
  agent.disableNetConnect();
  return agent;
}

const clients: Record<string, (agent: MockAgent) => SteadFetch> = {
  'undici’s global dispatcher': (agent) => {
    const api = createFetch(quick);
    setGlobalDispatcher(agent);
    return api;
  },
  'the dispatcher of a client': (agent) => createFetch({ ...quick, dispatcher: agent as never }),
  'the dispatcher of a call': (agent) => {
    const api = createFetch(quick);
    return Object.assign(
      (input: string, init?: object) => api(input, { ...init, dispatcher: agent as never }),
      api,
    );
  },
};

describe.each(Object.entries(clients))('a MockAgent as %s', (_where, client) => {
  test('answers, and is asked again after a 503', async () => {
    const agent = mockAgent();
    const keys: unknown[] = [];
    for (const status of [503, 200]) {
      const path = '/v1/charges';
      const intercepted = agent.get(origin).intercept({ path, method: 'POST', body: 'order 7' });
      intercepted.reply(({ headers }) => {
        keys.push(new Headers(headers as Record<string, string>).get('idempotency-key'));
        return { statusCode: status, data: `answer ${status}` };
      });
    }
    const response = await client(agent)(url, { method: 'POST', body: 'order 7', idempotencyKey: 'k' });
    expect(await response.text()).toBe('answer 200');
    expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([503, 200]);
    agent.assertNoPendingInterceptors();
    expect(keys).toEqual(['k', 'k']);
  });

  test('fails, and is asked again', async () => {
    const agent = mockAgent();
    const pool = agent.get(origin);
    pool
      .intercept({ path: '/v1/charges' })
      .replyWithError(Object.assign(new Error('mock'), { code: 'ECONNRESET' }));
    pool.intercept({ path: '/v1/charges' }).reply(200, 'fine');
    const response = await client(agent)(url);
    expect(await response.text()).toBe('fine');
    expect(callReport(response)?.attempts).toMatchObject([
      { error: { code: 'ECONNRESET' } },
      { status: 200 },
    ]);
  });

  test('fails for good with the error of the mock', async () => {
    const agent = mockAgent();
    const reset = Object.assign(new Error('mock'), { code: 'ECONNRESET' });
    agent.get(origin).intercept({ path: '/v1/charges' }).replyWithError(reset).persist();
    const error = await client(agent)(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed', cause: reset });
    expect(callReport(error)).toMatchObject({
      stopped: 'attempts',
      attempts: Array(5).fill({ reason: 'network' }),
    });
  });

  test('refuses what it was not told about, once', async () => {
    const agent = mockAgent();
    agent.get(origin);
    const error = await client(agent)(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
    expect(callReport(error)?.attempts).toHaveLength(1);
  });
});

test('a MockAgent that takes its time runs into the attempt clock', async () => {
  const agent = mockAgent();
  const pool = agent.get(origin);
  pool.intercept({ path: '/v1/charges' }).reply(200, 'late').delay(60_000);
  pool.intercept({ path: '/v1/charges' }).reply(200, 'fine');
  const api = createFetch({ ...quick, timeout: { attempt: 30 }, dispatcher: agent as never });
  const response = await api(url);
  expect(await response.text()).toBe('fine');
  expect(callReport(response)?.attempts.map(({ reason }) => reason)).toEqual(['timeout', 'success']);
  await agent.close();
});
