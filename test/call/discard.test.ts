import { Agent } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callReport, createFetch, type Options } from '../../src/index.ts';
import { discard } from '../../src/transport/discard.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const quick: Options = { retry: { attempts: 4, base: 1, cap: 1 }, breaker: false };
const large: Fault = { kind: 'answer', status: 500, bytes: 4 * 2 ** 20 };
const endless: Fault = { kind: 'cut', at: 'body', how: 'stall', answer: { status: 500, bytes: 1_000 } };

let dispatcher: Agent;
beforeEach(() => {
  // An unused connection closes at once, so a connection that stays open is in use, or lost. (After a request was
  // aborted, undici 7 opens a connection without need.)
  dispatcher = new Agent({ keepAliveTimeout: 10 });
});
afterEach(async () => {
  vi.useRealTimers();
  await dispatcher.destroy();
});

test('four 500s of 4 MB leave no socket open but the last one, until it is read', async () => {
  await using server = await startFaultServer({ fault: () => large });
  const response = await createFetch({ ...quick, dispatcher })(server.url);
  expect(response.status).toBe(500);
  expect(server.requests).toHaveLength(4);
  await eventually(() => expect(server.openSockets).toBe(1));
  expect((await response.arrayBuffer()).byteLength).toBe(4 * 2 ** 20);
  await eventually(() => expect(server.openSockets).toBe(0));
});

test('a small error body keeps its connection: both attempts take the same one', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'answer', status: 503, bytes: 10_000 }),
  });
  await using narrow = new DisposableAgent({ connections: 1 });
  await createFetch({ ...quick, retry: { attempts: 2, base: 1, cap: 1 }, dispatcher: narrow })(server.url);
  expect(server.requests).toHaveLength(2);
  expect(server.connections).toBe(1);
});

test('error bodies that never end hold nobody up, and do not keep their sockets', async () => {
  await using server = await startFaultServer({ faults: [endless, endless, endless] });
  const response = await createFetch({ ...quick, dispatcher })(server.url);
  expect(await response.json()).toMatchObject({ ok: true });
  expect(callReport(response)?.duration).toBeLessThan(900);
  await eventually(() => expect(server.openSockets).toBe(0));
});

test('an abort while a discarded body is drained ends both, without an unhandled rejection', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const silent: Fault = { kind: 'cut', at: 'request', how: 'stall' };
  await using server = await startFaultServer({ faults: [endless, silent] });
  const controller = new AbortController();
  const call = errorOf(createFetch({ ...quick, dispatcher })(server.url, { signal: controller.signal }));
  await eventually(() => expect(server.requests).toHaveLength(2));
  controller.abort('enough');
  expect(await call).toBe('enough');
  await eventually(() => expect(server.openSockets).toBe(0));
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
});

test('an answer in hand is whole when the breaker opens during the pause', async () => {
  await using server = await startFaultServer({ fault: () => large });
  const api = createFetch({ ...quick, dispatcher, breaker: {} });
  api.on('retry', () => api.breakers.isolate(server.url));
  const response = await api(server.url);
  expect(callReport(response)).toMatchObject({ stopped: 'breaker', attempts: [{ status: 500 }] });
  expect(response.bodyUsed).toBe(false);
  expect((await response.arrayBuffer()).byteLength).toBe(4 * 2 ** 20);
});

test('an abort during the pause rejects at once, and lets go of the answer in hand', async () => {
  await using server = await startFaultServer({ fault: () => large });
  const api = createFetch({ dispatcher, retry: { base: 60_000, cap: 60_000 }, timeout: { total: 120_000 } });
  const controller = new AbortController();
  api.on('retry', () => setImmediate(() => controller.abort('enough')));
  const error = await errorOf(api(server.url, { signal: controller.signal }));
  expect(error).toBe('enough');
  expect(server.requests).toHaveLength(1);
  await eventually(() => expect(server.openSockets).toBe(0));
});

/** An endless body of chunks of this size, which records its end. */
function source(size: number, chunks = Number.POSITIVE_INFINITY) {
  const cancel = vi.fn();
  let given = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (given === chunks) return controller.close();
        given += 1;
        controller.enqueue(new Uint8Array(size));
      },
      cancel,
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(stream), cancel, given: () => given };
}

test('a body of up to 64 KiB is read to its end', async () => {
  const { response, cancel, given } = source(16 * 1024, 4);
  discard(response);
  await eventually(() => expect(given()).toBe(4));
  expect(response.bodyUsed).toBe(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect(cancel).not.toHaveBeenCalled();
});

test('a longer one is cancelled as soon as that is known', async () => {
  const { response, cancel, given } = source(16 * 1024);
  discard(response);
  await eventually(() => expect(cancel).toHaveBeenCalledOnce());
  expect(given()).toBe(5);
});

test('a slower one is cancelled after a second', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const cancel = vi.fn();
  discard(new Response(new ReadableStream({ cancel })));
  await vi.advanceTimersByTimeAsync(999);
  expect(cancel).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(cancel).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

test('its timer goes with the body, and does not keep the process alive', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const set = vi.spyOn(globalThis, 'setTimeout');
  const { response } = source(10, 1);
  discard(response);
  expect(set.mock.results[0]?.value.hasRef()).toBe(false);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
});

test('a body that breaks, or cannot even be cancelled, makes no unhandled rejection', async () => {
  const unhandled = vi.fn();
  process.on('unhandledRejection', unhandled);
  const broken = new ReadableStream({
    pull: () => {
      throw new Error('broken');
    },
  });
  const stubborn = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
    cancel: () => {
      throw new Error('no');
    },
  });
  discard(new Response(broken));
  discard(new Response(stubborn));
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(unhandled).not.toHaveBeenCalled();
  process.off('unhandledRejection', unhandled);
});

test('nothing is done to a response without a body, or whose body somebody reads', async () => {
  discard(new Response(null, { status: 503 }));
  const read = new Response('read');
  const text = read.text();
  discard(read);
  expect(await text).toBe('read');
});

class DisposableAgent extends Agent {
  [Symbol.asyncDispose](): Promise<void> {
    return this.destroy();
  }
}
