import { Agent, request } from 'undici';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { callReport, createFetch, type Events, type Options } from '../../src/index.ts';
import { resilience } from '../../src/undici/index.ts';
import { startFaultServer } from '../support/fault-server.ts';
import type { Fault } from '../support/faults.ts';

const long: Fault = { kind: 'answer', status: 200, bytes: 1_000_000 };
const read = (response: Response) => response.text();
const quick = { retry: { base: 1, cap: 1 } };

/** A client, and how each body of its responses ended. */
function watched(options: Options = {}) {
  const api = createFetch({ ...quick, ...options });
  const bodies: Events['body'][] = [];
  api.on('body', (event) => bodies.push(event));
  return { api, bodies, once: () => vi.waitFor(() => expect(bodies).toHaveLength(1)) };
}

describe('the end of a response’s body', () => {
  test.each<[string, string, Fault, Options, (response: Response) => unknown]>([
    ['all of it came', 'ended', long, {}, read],
    ['all of it came as part of the attempt', 'ended', { kind: 'ok' }, { buffer: 10_000 }, read],
    ['its reader cancelled', 'cancelled', long, {}, (response) => response.body?.cancel()],
    ['the connection broke', 'network', { kind: 'cut', at: 'body', how: 'reset' }, {}, read],
    ['it fell silent', 'idle', { kind: 'cut', at: 'body', how: 'stall' }, { timeout: { idle: 50 } }, read],
    [
      'it took too long',
      'body',
      { kind: 'cut', at: 'body', how: 'stall' },
      { timeout: { body: 50 } } as Options,
      read,
    ],
  ])('is told when %s', async (_what, end, fault, options, use) => {
    await using server = await startFaultServer({ faults: [fault] });
    const { api, bodies, once } = watched(options);
    const response = await api(server.url);
    await Promise.resolve(use(response)).catch(() => {});
    await once();
    const { id, method, url, endpoint, scope, ...body } = bodies[0] as Events['body'];
    expect(body).toEqual({ end, bytes: expect.any(Number), duration: expect.any(Number) });
    expect(callReport(response)).toMatchObject({ stopped: 'success', id, method, url, body });
    expect({ endpoint, scope }).toEqual({ endpoint: undefined, scope: server.url });
  });

  test('counts the bytes as they came', async () => {
    await using server = await startFaultServer({ faults: [long] });
    const { api, bodies, once } = watched();
    await (await api(server.url)).arrayBuffer();
    await once();
    expect(bodies[0]?.bytes).toBe(1_000_000);
  });

  test('is not in the report before it has come, and the event settled comes first', async () => {
    await using server = await startFaultServer({ faults: [long] });
    const { api, once } = watched();
    const heard: string[] = [];
    api.on('settled', ({ body }) => heard.push(`settled ${body?.end}`));
    api.on('body', ({ end }) => heard.push(`body ${end}`));
    const response = await api(server.url);
    expect(callReport(response)?.body).toBeUndefined();
    await response.text();
    await once();
    expect(heard).toEqual(['settled undefined', 'body ended']);
  });

  test('after an abort is a cancellation', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'cut', at: 'body', how: 'stall' }] });
    const { api, bodies, once } = watched();
    const controller = new AbortController();
    const response = await api(server.url, { signal: controller.signal });
    const reading = response.text().catch(() => {});
    controller.abort();
    await reading;
    await once();
    expect(bodies[0]?.end).toBe('cancelled');
  });

  test('of a response without one is told, too', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 204 }] });
    const { api, bodies, once } = watched();
    await api(server.url);
    await once();
    expect(bodies[0]).toMatchObject({ end: 'ended', bytes: 0 });
  });

  test('is told of the response that the call ended with, and of no other', async () => {
    await using server = await startFaultServer({ faults: [{ kind: 'answer', status: 503 }] });
    const { api, bodies, once } = watched();
    const response = await api(server.url);
    await response.text();
    await once();
    expect(callReport(response)?.attempts).toHaveLength(2);
    expect(bodies).toHaveLength(1);
  });

  test('after a redirect is that of the last response', async () => {
    await using server = await startFaultServer({
      faults: [{ kind: 'answer', status: 302, headers: { location: '/there' }, bytes: 7 }, long],
    });
    const { api, bodies, once } = watched();
    await (await api(server.url)).text();
    await once();
    expect(bodies[0]).toMatchObject({ end: 'ended', bytes: 1_000_000 });
  });

  test('is not claimed where it can’t be seen: another fetch', async () => {
    const { api, bodies } = watched({ fetch: async () => new Response('text') });
    const response = await api('http://127.0.0.1/');
    await response.text();
    expect(callReport(response)?.body).toBeUndefined();
    expect(bodies).toEqual([]);
  });

  test('is known of another fetch’s body that was read as part of the attempt', async () => {
    const { api, bodies, once } = watched({ fetch: async () => new Response('text'), buffer: 100 });
    await api('http://127.0.0.1/');
    await once();
    expect(bodies[0]).toMatchObject({ end: 'ended', bytes: 4 });
  });

  test.each<[string, Fault]>([
    ['ended', long],
    ['network', { kind: 'cut', at: 'body', how: 'reset' }],
  ])('is told behind the interceptor, too: %s', async (end, fault) => {
    await using server = await startFaultServer({ faults: [fault] });
    const guard = resilience(quick);
    const bodies: Events['body'][] = [];
    guard.on('body', (event) => bodies.push(event));
    const agent = new Agent();
    onTestFinished(() => agent.close());
    const dispatcher = agent.compose(guard);
    const { body } = await request(server.url, { dispatcher });
    await body.text().catch(() => {});
    await vi.waitFor(() => expect(bodies.map((told) => told.end)).toEqual([end]));
  });
});
