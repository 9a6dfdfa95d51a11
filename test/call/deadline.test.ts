import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { describe, expect, test } from 'vitest';
import {
  type ClientOptions,
  callReport,
  createFetch,
  onBehalfOf,
  PolicyError,
  timeLeft,
} from '../../src/index.ts';
import { deadlineListener } from '../../src/server/adapters/node.ts';
import { keepDeadline } from '../../src/server/index.ts';
import { listen } from '../support/listen.ts';

async function service(listener: RequestListener) {
  const seen: IncomingMessage[] = [];
  const server = createServer((req, res) => {
    seen.push(req);
    listener(req, res);
  });
  return {
    url: await listen(server),
    seen,
    header: (name: string) => seen.map(({ headers }) => headers[name]),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const ok: RequestListener = (_req, res) => res.end('ok');
const ms = (value: unknown) => Number(String(value).replace(/m$/, ''));

describe('each attempt tells the service how much time it has left', () => {
  const timeout = { attempt: 2_000, total: 5_000 } as const;

  test.each<[what: string, options: ClientOptions, header: string, least: number, most: number]>([
    ['gRPC’s header, the time of the attempt', { deadline: true, timeout }, 'grpc-timeout', 1_900, 2_000],
    [
      'what the call has, if that is less',
      { deadline: true, timeout: { attempt: false, total: 900 } },
      'grpc-timeout',
      800,
      900,
    ],
    [
      'another header, in milliseconds',
      { deadline: 'x-envoy-expected-rq-timeout-ms', timeout },
      'x-envoy-expected-rq-timeout-ms',
      1_900,
      2_000,
    ],
  ])('in %s', async (_what, options, header, least, most) => {
    await using server = await service(ok);
    await (await createFetch(options)(server.url)).text();
    const [value] = server.header(header);
    expect(String(value)).toMatch(header === 'grpc-timeout' ? /^\d+m$/ : /^\d+$/);
    expect(ms(value)).toBeGreaterThanOrEqual(least);
    expect(ms(value)).toBeLessThanOrEqual(most);
  });

  test('and a retry has less than the attempt before it', async () => {
    let answers = 0;
    await using server = await service((_req, res) => {
      res.statusCode = answers++ === 0 ? 503 : 200;
      res.setHeader('retry-after-ms', '60').end();
    });
    const api = createFetch({
      deadline: true,
      timeout: { attempt: false, total: 3_000 },
      retry: { base: 1, cap: 1 },
    });
    await api(server.url);
    const [first, second] = server.header('grpc-timeout').map(ms);
    expect(second).toBeLessThanOrEqual((first ?? 0) - 60);
  });

  test.each<
    [what: string, options: ClientOptions, headers: Record<string, string>, sent: string | undefined]
  >([
    ['unless the option is off', {}, {}, undefined],
    ['unless there is no limit', { deadline: true, timeout: false }, {}, undefined],
    ['unless the caller has set it', { deadline: true }, { 'Grpc-Timeout': '7S' }, '7S'],
  ])('%s', async (_what, options, headers, sent) => {
    await using server = await service(ok);
    await (await createFetch(options)(server.url, { headers })).text();
    expect(server.header('grpc-timeout')).toEqual([sent]);
  });

  test.each([{ deadline: 5_000 }, { deadline: 'a header' }, { deadline: '' }])(
    'but %j is refused',
    (options) => {
      expect(() => createFetch(options as never)).toThrow(PolicyError);
    },
  );
});

describe('from one service to the next', () => {
  test('what is left goes along: the second service is told less than the first', async () => {
    await using second = await service(ok);
    const inner = createFetch({ deadline: true });
    let left: number | undefined;
    await using first = await service(
      deadlineListener(async (_req, res) => {
        left = timeLeft();
        res.end(await (await inner(second.url)).text());
      }),
    );
    const outer = createFetch({ deadline: true, timeout: { attempt: 1_500, total: 1_500 } });
    expect(await (await outer(first.url)).text()).toBe('ok');
    const [told, passedOn] = [first, second].map(({ header }) => ms(header('grpc-timeout')[0]));
    expect(told).toBeLessThanOrEqual(1_500);
    expect(left).toBeLessThanOrEqual(told ?? 0);
    // Its own limits, 10 s, would be more.
    expect(passedOn).toBeLessThanOrEqual(told ?? 0);
    expect(passedOn).toBeGreaterThan(0);
  });

  test('a call of the first ends when the time of its request is over', async () => {
    await using silent = await service(() => {});
    const inner = createFetch({ deadline: true, retry: false });
    await using first = await service(
      deadlineListener(async (_req, res) => {
        const error = await inner(silent.url).catch((thrown: unknown) => thrown);
        res.end(JSON.stringify([error, callReport(error)?.stopped]));
      }),
    );
    const begun = performance.now();
    const response = await fetch(first.url, { headers: { 'grpc-timeout': '200m' } });
    expect(await response.json()).toMatchObject([{ phase: 'total' }, 'deadline']);
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test('one that comes when the time is over already is not sent at all', async () => {
    await using server = await service(ok);
    const api = createFetch({ deadline: true });
    const error = await onBehalfOf({ 'grpc-timeout': '1n' }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return api(server.url).catch((thrown: unknown) => thrown);
    });
    expect(error).toMatchObject({ name: 'TimeoutError', phase: 'total' });
    expect(callReport(error)).toMatchObject({ stopped: 'deadline', delivery: 'not-sent', attempts: [] });
    expect(server.seen).toEqual([]);
    expect(api.scopes().every(({ inFlight }) => inFlight === 0)).toBe(true);
  });

  test('one that comes too late ends by the fallback of its rule, which hears why', async () => {
    await using server = await service(ok);
    const asked: unknown[] = [];
    const fallback = (failure: object) => {
      asked.push(failure);
      return asked.length === 1 ? new Response('spare') : undefined;
    };
    const api = createFetch({ deadline: true, fallback });
    const late = <Result>(call: () => Promise<Result>) =>
      onBehalfOf({ 'grpc-timeout': '1n' }, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return call();
      });
    const response = await late(() => api(server.url));
    expect(await response.text()).toBe('spare');
    const report = { fallback: true, stopped: 'deadline', delivery: 'not-sent', attempts: [] };
    expect(callReport(response)).toMatchObject(report);
    expect(asked).toMatchObject([{ stopped: 'deadline', attempts: 0, error: { phase: 'total' } }]);
    await expect(late(() => api(server.url))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(server.seen).toEqual([]);
  });

  test('a client without the option takes no notice', async () => {
    await using server = await service(ok);
    const response = await onBehalfOf({ 'grpc-timeout': '1n' }, () => createFetch()(server.url));
    expect(response.status).toBe(200);
  });

  test('with layers, both go along in one place', async () => {
    await using second = await service((_req, res) => {
      res.statusCode = 503;
      res.end();
    });
    const inner = createFetch({ deadline: true, layers: true, retry: { base: 1, cap: 1 } });
    await using first = await service(
      deadlineListener(async (_req, res) => {
        res.statusCode = (await inner(second.url)).status;
        res.end();
      }),
    );
    await fetch(first.url, { headers: { 'grpc-timeout': '3S', 'no-retry': '?1' } });
    expect(second.header('no-retry')).toEqual(['?1']);
    expect(ms(second.header('grpc-timeout')[0])).toBeLessThanOrEqual(3_000);
  });
});

describe('what can not be finished in time is refused, and its handler never runs', () => {
  test('by a listener of Node’s', async () => {
    let runs = 0;
    await using server = await service(
      deadlineListener(
        (_req, res) => {
          runs++;
          res.end('done');
        },
        { least: 50 },
      ),
    );
    const late = await fetch(server.url, { method: 'POST', body: 'x', headers: { 'grpc-timeout': '49m' } });
    expect(late.status).toBe(504);
    expect(late.headers.get('content-type')).toBe('application/problem+json');
    expect(await late.json()).toMatchObject({ status: 504, code: 'deadline_exceeded', type: 'about:blank' });
    expect(runs).toBe(0);
    for (const headers of [{ 'grpc-timeout': '5S' }, { 'grpc-timeout': 'soon' }, {}] as Record<
      string,
      string
    >[]) {
      expect(await (await fetch(server.url, { headers })).text()).toBe('done');
    }
    expect(runs).toBe(3);
  });

  test('by a web-standard handler, in whichever header', async () => {
    const left: unknown[] = [];
    const handler = keepDeadline(
      (_request: Request, more: string) => {
        left.push(timeLeft());
        return new Response(more);
      },
      { header: 'x-left-ms', least: 100 },
    );
    const ask = (value?: string) =>
      handler(new Request('http://a.example/', value ? { headers: { 'X-Left-Ms': value } } : {}), 'more');
    expect((await ask('99')).status).toBe(504);
    expect(await (await ask('60000')).text()).toBe('more');
    expect((await ask()).status).toBe(200);
    expect(left).toEqual([expect.closeTo(60_000, -3), undefined]);
  });

  test.each([{ least: -1 }, { header: 'a header' }, { lest: 5 }])(
    '%j is refused before any request',
    (options) => {
      expect(() => keepDeadline(() => new Response(), options as never)).toThrow(PolicyError);
    },
  );
});
