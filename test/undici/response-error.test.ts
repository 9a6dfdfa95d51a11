import { createServer } from 'node:http';
import { Agent, type Dispatcher, interceptors, RetryAgent, request } from 'undici';
import { describe, expect, onTestFinished, test } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { listen } from '../support/listen.ts';

// Interceptors of the user's, behind the rules, that make an error of a bad status.

/** A server that gives these statuses in turn, the last one for ever. */
async function answering(...statuses: number[]) {
  const asked: number[] = [];
  const server = createServer((_request, response) => {
    const status = statuses[Math.min(asked.length, statuses.length - 1)] ?? 200;
    asked.push(performance.now());
    response.writeHead(status, { 'retry-after-ms': '40' }).end();
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: await listen(server), asked };
}

type Ask = (url: string, options: Options, dispatcher: Dispatcher) => Promise<unknown>;

const strict = () => new Agent().compose(interceptors.responseError());
const retry = { base: 1, cap: 1 };

describe.each<[way: string, ask: Ask]>([
  ['fetch', (url, options, dispatcher) => createFetch({ ...options, dispatcher })(url)],
  [
    'the interceptor',
    (url, options, dispatcher) => request(url, { dispatcher: dispatcher.compose(resilience(options)) }),
  ],
])('through %s, responseError()', (_way, ask) => {
  test('leaves a status that is retried to the rules, and its pause', async () => {
    const { url, asked } = await answering(503, 429, 200);
    await ask(url, { retry }, strict());
    expect(asked).toHaveLength(3);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(39);
  });

  test('and one that is not retried is its caller’s error, which the report calls answered', async () => {
    const { url, asked } = await answering(404);
    const error = await errorOf(ask(url, { retry }, strict()));
    expect(callReport(error)).toMatchObject({
      stopped: 'final-status',
      delivery: 'answered',
      attempts: [{ status: 404, reason: 'final-status', error: { code: 'UND_ERR_RESPONSE' } }],
    });
    expect(asked).toHaveLength(1);
  });
});

test('answers that say something about the request open no breaker, though they are errors', async () => {
  const { url, asked } = await answering(404);
  const api = createFetch({ breaker: { minimum: 2 }, dispatcher: strict(), patience: 0 });
  for (let call = 0; call < 6; call++) await errorOf(api(url));
  expect(asked).toHaveLength(6);
  expect(api.scopes()[0]?.breaker?.state).toBe('closed');
});

test('a RetryAgent that gives up on a status leaves it to the rules', async () => {
  const { url, asked } = await answering(429, 429, 200);
  const dispatcher = new RetryAgent(new Agent(), { maxRetries: 0 });
  const response = await createFetch({ dispatcher, retry })(url);
  expect(response.status).toBe(200);
  expect(callReport(response)?.attempts.map(({ status }) => status)).toEqual([429, 429, 200]);
  expect(asked).toHaveLength(3);
});
