import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test, vi } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';
import { listen } from '../support/listen.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('ten thousand calls on one long-lived signal leave no listener, no timer and no memory behind', async () => {
  // Not the fault server, because its ledger keeps every request, and this test measures memory.
  let served = 0;
  const server = createServer((_request, response) => {
    served++;
    response.end('{"ok":true}');
  });
  const url = await listen(server);
  const api = createFetch();
  const { signal } = new AbortController();
  const run = async (calls: number) => {
    for (let left = calls; left > 0; left -= 16) {
      await Promise.all(Array.from({ length: 16 }, async () => (await api(url, { signal })).text()));
    }
  };
  const heap = async () => {
    for (let i = 0; i < 5; i++) {
      collectGarbage();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return process.memoryUsage().heapUsed;
  };

  await run(2_000);
  const before = { heap: await heap(), timers: timers() };
  await run(10_000);
  expect(served).toBe(12_000);
  // Any object that is kept per call (a listener, a timer, a record) takes several hundred bytes.
  await vi.waitFor(async () => expect((await heap()) - before.heap).toBeLessThan(10_000 * 150));
  await eventually(() => {
    collectGarbage();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
  // A connection has timers of its own, and there may be some more of them. A timer per call would be ten thousand.
  expect(timers() - before.timers).toBeLessThan(100);
  server.close();
  server.closeAllConnections();
}, 60_000);

test('calls under way share one listener on their signal', async () => {
  await using server = await startFaultServer({
    fault: () => ({ kind: 'cut', at: 'request', how: 'stall' }),
  });
  const controller = new AbortController();
  const api = createFetch();
  const calls = Array.from({ length: 50 }, () => api(server.url, { signal: controller.signal }));
  const outcomes = Promise.allSettled(calls);
  await eventually(() => expect(server.requests).toHaveLength(50));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort('enough');
  expect(await outcomes).toEqual(calls.map(() => ({ status: 'rejected', reason: 'enough' })));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
});

test('a process that made calls and has an open breaker exits by itself', async () => {
  await using server = await startFaultServer({ fault: () => ({ kind: 'answer', status: 500 }) });
  const script = `
    import { createFetch } from ${JSON.stringify(new URL('../../src/index.ts', import.meta.url).href)};
    const api = createFetch({ retry: { base: 1, cap: 1 }, breaker: { minimum: 5, cooldown: 600_000, maxCooldown: 600_000 } });
    await api(${JSON.stringify(server.url)});
    await api(${JSON.stringify(server.url)}).catch((error) => console.log(error.name));
    console.log(api.breakers.get(${JSON.stringify(server.url)}).state);
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
  expect(stdout).toBe('BreakerOpenError\nopen\n');
}, 40_000);
