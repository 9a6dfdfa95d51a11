import { Agent, getGlobalDispatcher, request, setGlobalDispatcher } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const down = { fault: () => ({ kind: 'answer', status: 503 }) as const };
const options = { retry: { attempts: 3, base: 1, cap: 2 } };

const before = getGlobalDispatcher();
afterEach(() => setGlobalDispatcher(before));

// A method that `fetch` alone makes sense of goes through its own code.
test.each(['GET', 'PUT', 'PURGE'])(
  'a client that sends through an interceptor keeps its own number of attempts: %s',
  async (method) => {
    await using server = await startFaultServer(down);
    setGlobalDispatcher(new Agent().compose(resilience(options)));
    const response = await createFetch(options)(server.url, {
      method,
      idempotencyKey: 'k',
    });
    expect(callReport(response)?.attempts).toHaveLength(3);
    expect(server.requests).toHaveLength(3);
  },
);

test('of two interceptors, one behind the other, the outer one retries, and both guard', async () => {
  await using server = await startFaultServer(down);
  const inner = resilience(options);
  const dispatcher = new Agent().compose(inner, resilience(options));
  const { statusCode, body, context } = await request(server.url, { dispatcher });
  await body.dump();
  expect(statusCode).toBe(503);
  expect(callReport(context)?.attempts).toHaveLength(3);
  expect(server.requests).toHaveLength(3);
  expect(inner.scopes()).toMatchObject([{ breaker: { attempts: 3 } }]);
});
