import {
  type BreakerOpenError,
  callReport,
  createFetch,
  type Options,
  onBehalfOf,
  type SteadInit,
  type TimeoutError,
} from 'steadfetch';
import type { Echo } from './server.ts';

// What has to hold on every runtime. Nothing here may need Node: the same file runs in Bun, Deno, workerd and a browser,
// and asks a server of Node's what has reached it.

const quick: Options = { retry: { base: 1, cap: 1 }, budget: false };
/** Larger than any chunk, and with every byte in it. */
const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256);

/** What is asked. */
export interface Questions {
  /** The server's address. */
  readonly server: string;
  /** Whether the transport sees what is written: only then may it say that nothing was. */
  readonly seesWire: boolean;
}

/** Each throws if something does not hold. */
export const checks: Record<string, (server: string, seesWire: boolean) => Promise<void>> = {
  'GET gives a Response of the runtime': async (server) => {
    const response = await createFetch(quick)(`${server}/echo`);
    check(response instanceof Response, 'it is one of another class');
    check(response.headers instanceof Headers, 'its headers are of another class');
    same(response.status, 200);
    same(((await response.json()) as Echo).method, 'GET');
  },

  'POST sends a string': async (server) => {
    const text = '{"a":"ä €"}';
    const sent = await echo(server, text);
    equalBytes(bytesOf(sent), new TextEncoder().encode(text));
    const bare = await fetch(`${server}/echo`, { method: 'POST', body: text });
    same(sent.headers['content-type'], ((await bare.json()) as Echo).headers['content-type']);
    same(sent.headers['idempotency-key']?.length, 36);
  },

  'POST sends bytes, of either kind': async (server) => {
    equalBytes(bytesOf(await echo(server, bytes)), bytes);
    equalBytes(bytesOf(await echo(server, bytes.buffer)), bytes);
  },

  'POST sends a Blob with its type': async (server) => {
    const sent = await echo(server, new Blob([bytes], { type: 'image/x-own' }));
    equalBytes(bytesOf(sent), bytes);
    same(sent.headers['content-type'], 'image/x-own');
  },

  'POST sends parameters': async (server) => {
    const sent = await echo(server, new URLSearchParams({ a: '1 2', b: 'ä' }));
    same(new TextDecoder().decode(bytesOf(sent)), 'a=1+2&b=%C3%A4');
    same(sent.headers['content-type'], 'application/x-www-form-urlencoded;charset=UTF-8');
  },

  'POST sends a form with its files': async (server) => {
    const form = new FormData();
    form.set('name', 'Grüße');
    form.set('file', new File([bytes], 'a.bin', { type: 'image/x-own' }));
    const sent = await echo(server, form);
    const headers = { 'content-type': sent.headers['content-type'] ?? '' };
    const received = await new Response(bytesOf(sent), { headers }).formData();
    same(received.get('name'), 'Grüße');
    const file = received.get('file') as File;
    same(file.name, 'a.bin');
    equalBytes(new Uint8Array(await file.arrayBuffer()), bytes);
  },

  'POST sends a stream, once; where fetch can not, it fails': async (server) => {
    const sent = createFetch(quick)(`${server}/echo`, streamed());
    if (!(await sendsStreams(server))) return void same(((await failure(sent)) as Error).name, 'TypeError');
    const response = await sent;
    equalBytes(bytesOf((await response.json()) as Echo), bytes);
  },

  'a stream that was read before is refused, and not sent empty': async (server) => {
    const init = streamed();
    await new Response(init.body as ReadableStream).text();
    const error = (await failure(createFetch(quick)(`${server}/echo`, init))) as Error;
    same(error.name, 'TypeError');
    same(callReport(error), undefined);
  },

  'POST sends the stream that a function makes, as often as needed': async (server) => {
    if (!(await sendsStreams(server))) return;
    const { requests } = await flaky(server, {
      method: 'POST',
      body: () => streamOf(bytes),
      duplex: 'half',
    } as SteadInit);
    for (const sent of requests) equalBytes(bytesOf(sent), bytes);
  },

  'a Request goes out with its body and its headers': async (server) => {
    const request = new Request(`${server}/echo`, { method: 'PUT', body: 'four', headers: { 'x-own': '1' } });
    const response = await createFetch(quick)(request);
    const sent = (await response.json()) as Echo;
    same([sent.method, sent.headers['x-own'], sent.body].join(), `PUT,1,${btoa('four')}`);
  },

  '503, 503, 200 under one key, with the same bytes': async (server) => {
    const form = new FormData();
    form.set('file', new Blob([bytes]));
    for (const body of ['text', bytes, new Blob([bytes]), form]) {
      const { response, requests } = await flaky(server, { method: 'POST', body });
      same(response.status, 200);
      same(
        callReport(response)
          ?.attempts.map(({ status }) => status)
          .join(),
        '503,503,200',
      );
      same(requests.length, 3);
      same(new Set(requests.map((sent) => sent.headers['idempotency-key'])).size, 1);
      same(new Set(requests.map((sent) => sent.headers['content-type'])).size, 1);
      same(new Set(requests.map((sent) => sent.body)).size, 1);
      check(bytesOf(requests[0] as Echo).byteLength > 0, 'the body was empty');
    }
  },

  'a key of the business is the same each time': async (server) => {
    const keys = ['', ''].map(async () => {
      const init = { method: 'POST', body: 'x', idempotencyKey: ['charge', 7] };
      const response = await createFetch(quick)(`${server}/echo`, init);
      return ((await response.json()) as Echo).headers['idempotency-key'];
    });
    const [first, second] = await Promise.all(keys);
    same(first?.length, 36);
    same(first, second);
  },

  'a connection that is cut is of unknown delivery, and a key lets the call go again': async (server) => {
    const { response, requests } = await flaky(server, { method: 'POST', body: 'x' }, 'cut');
    same(callReport(response)?.attempts[0]?.delivery, 'unknown');
    same(requests.length, 3);
  },

  'without a key nothing is claimed, and an unsafe call goes once': async (server, seesWire) => {
    const api = createFetch({ ...quick, idempotency: false });
    const id = newId();
    const error = await failure(api(`${server}/flaky/${id}?how=cut`, { method: 'POST', body: 'x' }));
    same(callReport(error)?.delivery, 'unknown');
    same(callReport(error)?.stopped, 'unsafe');
    same((await seen(server, id)).length, 1);
    const nobody = await (await fetch(`${server}/nobody`)).text();
    const refused = await failure(api(nobody, { method: 'POST', body: 'x' }));
    same(callReport(refused)?.delivery, seesWire ? 'not-sent' : 'unknown');
    same(callReport(refused)?.stopped, seesWire ? 'attempts' : 'unsafe');
  },

  'an attempt that takes too long ends, and is tried again': async (server) => {
    const timeout = { attempt: 200, total: 20_000 };
    const id = newId();
    const error = (await failure(
      createFetch({ ...quick, timeout, retry: { attempts: 2, base: 1, cap: 1 } })(`${server}/hang/${id}`),
    )) as TimeoutError;
    same(`${error.name} ${error.phase}`, 'TimeoutError attempt');
    same((await seen(server, id)).length, 2);
    const once = newId();
    const post = { method: 'POST', body: 'x', policy: { idempotency: false } } as const;
    await failure(createFetch({ ...quick, timeout })(`${server}/hang/${once}`, post));
    same((await seen(server, once)).length, 1);
  },

  'the whole call ends in time': async (server) => {
    const api = createFetch({ ...quick, timeout: { attempt: 300, total: 300 } });
    const error = (await failure(api(`${server}/hang/${newId()}`))) as TimeoutError;
    same(`${error.name} ${error.phase}`, 'TimeoutError total');
  },

  'an abort ends the call with its own reason, in an attempt and in a pause': async (server) => {
    const reason = { why: 'enough' };
    const hanging = new AbortController();
    const id = newId();
    setTimeout(() => hanging.abort(reason), 200);
    const inAttempt = createFetch(quick)(`${server}/hang/${id}`, { signal: hanging.signal });
    check((await failure(inAttempt)) === reason, 'the reason is another one');
    same((await seen(server, id)).length, 1);
    const pausing = new AbortController();
    const api = createFetch({ ...quick, retry: { base: 60_000, cap: 60_000 }, timeout: false });
    api.on('retry', () => setTimeout(() => pausing.abort(reason)));
    const inPause = api(`${server}/flaky/${newId()}?how=503`, { signal: pausing.signal });
    check((await failure(inPause)) === reason, 'the reason is another one');
  },

  'a truncated body is asked for again with `buffer`': async (server) => {
    const id = newId();
    const response = await createFetch({ ...quick, buffer: 1_000_000 })(`${server}/truncated/${id}`);
    same(await response.text(), 'whole');
    same((await seen(server, id)).length, 2);
  },

  'a breaker opens, and then nothing is sent': async (server) => {
    const breaker = { threshold: 0.5, minimum: 2, window: 60_000, cooldown: 60_000, maxCooldown: 60_000 };
    const api = createFetch({ breaker, retry: false, budget: false, patience: 0 });
    const states: string[] = [];
    api.on('breaker', ({ to }) => states.push(to));
    const id = newId();
    for (let i = 0; i < 2; i++) same((await api(`${server}/status/${id}?status=500`)).status, 500);
    const error = (await failure(api(`${server}/status/${id}?status=200`))) as BreakerOpenError;
    same(error.name, 'BreakerOpenError');
    same(states.join(), 'open');
    same(api.breakers.get(server)?.state, 'open');
    same((await seen(server, id)).length, 2);
  },

  'endpoints have their own rules': async (server) => {
    const endpoints = {
      [`GET ${server}/flaky/:id`]: { retry: { attempts: 2 } },
      [`${server}/*`]: { retry: false },
    };
    const api = createFetch({ ...quick, endpoints } as Options);
    const response = await api(`${server}/flaky/${newId()}?how=503`);
    same(response.status, 503);
    same(callReport(response)?.attempts.length, 2);
    same(callReport(response)?.endpoint, `GET ${server}/flaky/:id`);
    const other = await api(`${server}/status/${newId()}?status=503`);
    same(callReport(other)?.attempts.length, 1);
  },

  'Retry-After is waited for': async (server) => {
    const started = performance.now();
    const { response } = await flaky(server, {}, '429');
    same(response.status, 200);
    check(performance.now() - started >= 1_000, 'it came back too early');
  },

  'on behalf of a caller who retries, a call is tried once': async (server) => {
    if (!hasAsyncContext()) return;
    const api = createFetch({ ...quick, layers: true });
    const response = await onBehalfOf({ 'no-retry': '?1' }, async () => {
      await Promise.resolve();
      return api(`${server}/flaky/${newId()}?how=503`);
    });
    same(callReport(response)?.attempts.length, 1);
  },
};

/** Runs them one after another; a problem is why a check failed. */
export async function runChecks({ server, seesWire }: Questions): Promise<Record<string, string | null>> {
  const problems: Record<string, string | null> = {};
  for (const [name, run] of Object.entries(checks)) {
    problems[name] = await run(server, seesWire).then(
      () => null,
      (error: unknown) =>
        error instanceof Error ? `${error.name}: ${error.message}\n${error.stack}` : String(error),
    );
  }
  return problems;
}

async function echo(server: string, body: RequestInit['body']): Promise<Echo> {
  const response = await createFetch(quick)(`${server}/echo`, { method: 'POST', body });
  return (await response.json()) as Echo;
}

/** The third time it goes well. */
async function flaky(
  server: string,
  init: SteadInit,
  how = '503',
): Promise<{ response: Response; requests: Echo[] }> {
  const id = newId();
  const response = await createFetch(quick)(`${server}/flaky/${id}?how=${how}`, init);
  await response.text();
  return { response, requests: await seen(server, id) };
}

async function seen(server: string, id: string): Promise<Echo[]> {
  return (await (await fetch(`${server}/seen/${id}`)).json()) as Echo[];
}

/** Browsers do over HTTP/2 only, and some not at all. */
async function sendsStreams(server: string): Promise<boolean> {
  return fetch(`${server}/echo`, streamed()).then(
    () => true,
    () => false,
  );
}

function streamed(): RequestInit {
  return { method: 'POST', body: streamOf(bytes), duplex: 'half' } as RequestInit;
}

function streamOf(whole: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= whole.byteLength) return controller.close();
      controller.enqueue(whole.slice(at, at + 9_000));
      at += 9_000;
    },
  });
}

let ids = 0;
function newId(): string {
  ids += 1;
  return `${Date.now()}-${ids}`;
}

function bytesOf({ body }: Echo): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
}

function hasAsyncContext(): boolean {
  return 'process' in globalThis;
}

function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

function same(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`);
}

function equalBytes(actual: Uint8Array, expected: Uint8Array): void {
  same(actual.byteLength, expected.byteLength);
  check(
    actual.every((byte, index) => byte === expected[index]),
    'the bytes are others',
  );
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
}
