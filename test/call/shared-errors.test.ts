import fc from 'fast-check';
import { Agent, request } from 'undici';
import { describe, expect, test } from 'vitest';
import { remember } from '../../src/call/report.ts';
import { callReport, createFetch } from '../../src/index.ts';
import type { CallReport } from '../../src/model/report.ts';
import { resilience } from '../../src/undici/index.ts';
import { errorOf } from '../support/error-of.ts';
import { eventually } from '../support/eventually.ts';
import { startFaultServer } from '../support/fault-server.ts';

// Several calls can end with the same object. No call may get the report of another one that ended better.

const post = { method: 'POST', body: '{}' };
const silent = { kind: 'cut', at: 'booked', how: 'stall' } as const;

const reasons: [string, unknown][] = [
  ['the usual one', undefined],
  ['an Error', new Error('shutting down')],
  ['a frozen object', Object.freeze({ code: 'STOP' })],
  ['a sealed error', Object.seal(new Error('sealed'))],
];

describe('one AbortController for two POSTs, of which the server saw one', () => {
  test.each(reasons)('aborted with %s: neither is said to be not sent', async (_name, reason) => {
    await using server = await startFaultServer({ fault: () => silent });
    const dispatcher = new Agent({ connections: 1 });
    const api = createFetch({ dispatcher });
    const settled: CallReport[] = [];
    api.on('settled', (report) => settled.push(report));
    const stop = new AbortController();
    const calls = ['/a', '/b'].map((path) =>
      errorOf(api(server.url + path, { ...post, signal: stop.signal })),
    );
    await eventually(() => expect(server.requests).toHaveLength(1));
    stop.abort(reason);
    const errors = await Promise.all(calls);

    expect(errors).toEqual([stop.signal.reason, stop.signal.reason]);
    for (const error of errors) {
      expect(callReport(error)).toMatchObject({
        url: `${server.url}/a`,
        delivery: 'unknown',
        stopped: 'aborted',
      });
    }
    const own = settled.map(({ url, delivery }) => [url.slice(-2), delivery]).sort();
    expect(own).toEqual([
      ['/a', 'unknown'],
      ['/b', 'not-sent'],
    ]);
    await dispatcher.destroy();
  });

  test.each([['a text'], [5], [null], [Symbol('stop')]])(
    'aborted with %s: there is no report, rather than a wrong one',
    async (reason) => {
      await using server = await startFaultServer({ fault: () => silent });
      const api = createFetch();
      const stop = new AbortController();
      const calls = ['/a', '/b'].map((path) =>
        errorOf(api(server.url + path, { ...post, signal: stop.signal })),
      );
      await eventually(() => expect(server.requests).toHaveLength(2));
      stop.abort(reason);
      for (const error of await Promise.all(calls)) {
        expect(error).toBe(reason);
        expect(callReport(error)).toBeUndefined();
      }
    },
  );
});

test('undici ends all that wait for one connection with one error: the report is that of the worst', async () => {
  await using server = await startFaultServer({ fault: () => silent });
  const agent = new Agent({ connections: 1, pipelining: 2 });
  const dispatcher = agent.compose(resilience({ retry: false }));
  const calls = ['/a', '/b', '/c'].map((path) =>
    errorOf(request(server.url + path, { dispatcher, ...post })),
  );
  await eventually(() => expect(server.requests.length).toBeGreaterThan(0));
  const gone = new Error('gone');
  await agent.destroy(gone);
  const errors = await Promise.all(calls);
  expect(new Set(errors).size).toBeLessThan(errors.length);
  for (const error of errors) expect(callReport(error)?.delivery).toBe('unknown');
});

test('a mock that always throws the same error, frozen or not: no call is told of fewer deliveries than there were', async () => {
  for (const error of [new TypeError('fetch failed'), Object.freeze(new TypeError('fetch failed'))]) {
    const api = createFetch({ fetch: () => Promise.reject(error), retry: false });
    for (const path of ['/a', '/b']) {
      const caught = await errorOf(api(`http://x.example${path}`, post));
      expect(caught).toBe(error);
      expect(callReport(caught)).toMatchObject({ url: `http://x.example${path}`, delivery: 'unknown' });
    }
  }
});

test('whatever calls share an object, in whatever order they end, it tells of the worst, and of the last of those', () => {
  const delivery = fc.constantFrom('not-sent', 'answered', 'unknown');
  fc.assert(
    fc.property(fc.array(delivery, { minLength: 1, maxLength: 6 }), fc.boolean(), (deliveries, isFrozen) => {
      const shared = isFrozen ? Object.freeze(new Error('shared')) : new Error('shared');
      for (const [at, delivery] of deliveries.entries()) {
        remember(shared, { delivery, report: () => ({ id: String(at), delivery }) as CallReport });
      }
      const worst = (['unknown', 'answered', 'not-sent'] as const).find((one) => deliveries.includes(one));
      const last = deliveries.lastIndexOf(worst ?? 'not-sent');
      expect(callReport(shared)).toEqual({ id: String(last), delivery: worst });
    }),
  );
});
