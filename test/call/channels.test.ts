import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as ids from '../../src/call/call-id.ts';
import { processInstrumentations } from '../../src/call/instrumentations.ts';
import { callReport, createFetch, eventNames, hashKey } from '../../src/index.ts';
import { INSTRUMENT, type Instrumentation } from '../../src/model/instrumentation.ts';
import { startFaultServer } from '../support/fault-server.ts';

vi.mock('../../src/call/call-id.ts', async (original) => {
  const actual = await original<typeof ids>();
  return { callId: vi.fn(actual.callId) };
});

const unavailable = { kind: 'answer', status: 503 } as const;
const quick = { retry: { base: 1, cap: 1 } };

test('a tool that was handed no client hears the events of every client on the process’s channels', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const heard: string[] = [];
  for (const name of eventNames) {
    const listener = () => heard.push(name);
    subscribe(`steadfetch:${name}`, listener);
    onTestFinished(() => void unsubscribe(`steadfetch:${name}`, listener));
  }
  await (await createFetch(quick)(server.url)).text();
  expect(heard).toEqual(['attempt-start', 'attempt', 'retry', 'attempt-start', 'attempt', 'settled', 'body']);
});

test('a call is traced from its beginning to its end, with its report', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const seen: unknown[] = [];
  const tracing = tracingChannel<unknown, { call: { id: string }; report?: { stopped: string } }>(
    'steadfetch:call',
  );
  const handlers = {
    start: ({ call }: { call: { id: string } }) => seen.push(['start', call.id]),
    asyncEnd: ({ call, report }: { call: { id: string }; report?: { stopped: string } }) =>
      seen.push(['asyncEnd', call.id, report?.stopped]),
  };
  tracing.subscribe(handlers as never);
  onTestFinished(() => void tracing.unsubscribe(handlers as never));
  const response = await createFetch(quick)(server.url);
  const id = callReport(response)?.id;
  expect(seen).toEqual([
    ['start', id],
    ['asyncEnd', id, 'success'],
  ]);
});

test('where nobody listens, nothing is built: no id is drawn', async () => {
  await using server = await startFaultServer();
  vi.mocked(ids.callId).mockClear();
  await createFetch()(server.url);
  expect(ids.callId).not.toHaveBeenCalled();
});

test.each(['client', 'process'])(
  'an instrumentation of the %s runs calls and attempts in a context of its own',
  async (whose) => {
    await using server = await startFaultServer({ faults: [unavailable] });
    const context = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const instrumentation: Instrumentation = {
      call: ({ id }) => ({
        within: (run) => context.run('call', run),
        end: (report) => seen.push([id === report.id, report.attempts.length]),
      }),
      attempt: ({ number }) => {
        seen.push([number, context.getStore()]);
        return { within: (run) => context.run(`attempt ${number}`, run), end() {} };
      },
    };
    const api = createFetch({
      ...quick,
      retry: { ...quick.retry, when: () => void seen.push(context.getStore()) },
    });
    const all = processInstrumentations();
    if (whose === 'process') all.add(instrumentation);
    const off = whose === 'client' ? api[INSTRUMENT](instrumentation) : () => all.delete(instrumentation);
    onTestFinished(() => void off());
    await api(server.url);
    expect(seen).toEqual([[1, 'call'], 'attempt 1', [2, 'call'], [true, 2]]);

    off();
    await api(server.url);
    expect(seen).toHaveLength(4);
  },
);

test('an instrumentation that throws becomes a warning, and the call goes on', async () => {
  await using server = await startFaultServer();
  const api = createFetch();
  const fail = () => {
    throw new Error('a tracer failed');
  };
  const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
  onTestFinished(() => warnings.mockRestore());
  api[INSTRUMENT]({ call: fail, attempt: () => ({ end: fail }) });
  expect((await api(server.url)).status).toBe(200);
  expect(warnings.mock.calls.map(([error]) => String(error))).toEqual([
    'Error: a tracer failed',
    'Error: a tracer failed',
  ]);
});

test.each([
  ['before', () => {}],
  ['after', (run: () => unknown) => void run()],
])(
  'an instrumentation that throws %s the work becomes a warning, and nothing stays under way',
  async (_when, first) => {
    await using server = await startFaultServer();
    const api = createFetch();
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    onTestFinished(() => warnings.mockRestore());
    const ended: string[] = [];
    const within = (run: () => unknown): never => {
      first(run);
      throw new Error('a tracer failed');
    };
    const companion = (what: string) => ({ within, end: () => void ended.push(what) });
    api[INSTRUMENT]({ call: () => companion('call'), attempt: () => companion('attempt') });
    expect((await api(server.url)).status).toBe(200);
    expect(ended).toEqual(['attempt', 'call']);
    expect(server.requests).toHaveLength(1);
    expect(api.scopes()).toMatchObject([{ inFlight: 0 }]);
    expect(warnings.mock.calls.map(([error]) => String(error))).toEqual(
      Array(2).fill('Error: a tracer failed'),
    );
  },
);

test('a key that the caller gave is whole in the report and a hash in what listeners log; one of ours is whole in both', async () => {
  await using server = await startFaultServer();
  const api = createFetch();
  const keys: (string | undefined)[] = [];
  api.on('settled', ({ idempotencyKey }) => keys.push(idempotencyKey));
  const init = { method: 'POST', body: 'x' };
  const given = await api(server.url, { ...init, idempotencyKey: 'ada@example.org' });
  const header = await api(server.url, { ...init, headers: { 'Idempotency-Key': 'order-7' } });
  const drawn = await api(server.url, init);
  expect(callReport(given)?.idempotencyKey).toBe('ada@example.org');
  expect(keys).toEqual([hashKey('ada@example.org'), hashKey('order-7'), callReport(drawn)?.idempotencyKey]);
  expect(callReport(header)?.idempotencyKey).toBe('order-7');
});

test('redact: false shows paths and keys as they are, a function what it returns', async () => {
  await using server = await startFaultServer();
  const url = `${server.url}/hooks/Zx81kQ0pLm2Nv9sT`;
  const init = { method: 'POST', idempotencyKey: 'order-7' };
  const seen: unknown[] = [];
  for (const redact of [undefined, false, ({ origin }: { origin: string }) => `${origin}/…`] as const) {
    const api = createFetch(redact === undefined ? {} : { redact });
    api.on('settled', ({ url, idempotencyKey }) => seen.push(url.replace(server.url, ''), idempotencyKey));
    await api(url, init);
  }
  expect(seen).toEqual([
    '/hooks/***',
    hashKey('order-7'),
    '/hooks/Zx81kQ0pLm2Nv9sT',
    'order-7',
    '/…',
    hashKey('order-7'),
  ]);
});

test.each([
  [
    'throws',
    () => {
      throw new Error('no');
    },
    'no',
  ],
  ['returns no text', () => undefined, 'redact must return a string, got undefined'],
  ['is async', async () => 'x', 'redact must return a string, got a promise'],
])(
  'a redact that %s is a warning, not the end of the call, and nothing of the path is shown',
  async (_, redact, says) => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => warned.mockRestore());
    await using server = await startFaultServer();
    const api = createFetch({ redact: redact as unknown as () => string });
    const urls: string[] = [];
    api.on('settled', ({ url }) => urls.push(url));
    const response = await api(`${server.url}/hooks/secret`);
    expect(response.status).toBe(200);
    expect(urls).toEqual([server.url]);
    expect(callReport(response)?.url).toBe(server.url);
    expect(warned).toHaveBeenCalledWith(expect.objectContaining({ message: says }));
  },
);

test('retry.when, which is the caller’s own, gets the path as it is', async () => {
  await using server = await startFaultServer({ faults: [unavailable] });
  const urls: string[] = [];
  const api = createFetch({ retry: { base: 1, cap: 1, when: ({ url }) => void urls.push(url) } });
  await api(`${server.url}/hooks/Zx81kQ0pLm2Nv9sT?secret=1`);
  expect(urls).toEqual([`${server.url}/hooks/Zx81kQ0pLm2Nv9sT`]);
});
