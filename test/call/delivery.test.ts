import { expect, test } from 'vitest';
import { callReport, createFetch } from '../../src/index.ts';
import { startFaultServer } from '../support/fault-server.ts';

const once = createFetch({ retry: false });
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a refused connection: not sent', async () => {
  await using server = await startFaultServer();
  await server.refuse();
  const error = await errorOf(once(server.url, { method: 'POST', body: 'x' }));
  expect(callReport(error)).toMatchObject({
    delivery: 'not-sent',
    attempts: [
      { delivery: 'not-sent', reason: 'network', error: { name: 'TypeError', code: 'ECONNREFUSED' } },
    ],
  });
});

test('a server that reads the request and hangs up: unknown', async () => {
  await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'request', how: 'close' }] });
  const error = await errorOf(once(server.url, { method: 'POST', body: 'x' }));
  expect(callReport(error)?.delivery).toBe('unknown');
});

test('a refused POST is retried even where the server ignores keys: it was certainly not sent', async () => {
  await using server = await startFaultServer({ honourKeys: false });
  await server.refuse();
  const api = createFetch({ idempotency: false, retry: { base: 40, cap: 40 } });
  const call = api(server.url, { method: 'POST', body: 'x' });
  await new Promise<void>((resolve) => {
    const off = api.on('retry', () => {
      off();
      resolve();
    });
  });
  await server.listenAgain();
  const response = await call;
  expect(response.status).toBe(201);
  expect(server.effects('x')).toBe(1);
  expect(callReport(response)?.attempts[0]).toMatchObject({ delivery: 'not-sent' });
});
