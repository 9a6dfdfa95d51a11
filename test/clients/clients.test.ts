import { createOpenAI } from '@ai-sdk/openai';
import Anthropic, { toFile as toAnthropicFile } from '@anthropic-ai/sdk';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { EmptySchema, StringValueSchema } from '@bufbuild/protobuf/wkt';
import { createClient as createConnectClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { request as octokit } from '@octokit/request';
import { createClient as createSupabase } from '@supabase/supabase-js';
import { createTRPCUntypedClient, httpBatchStreamLink, httpLink } from '@trpc/client';
import { experimental_transcribe, generateText, streamText } from 'ai';
import axios from 'axios';
import { EventSource } from 'eventsource';
import { GraphQLClient } from 'graphql-request';
import ky from 'ky';
import { createFetch as createOfetch } from 'ofetch';
import OpenAI, { toFile } from 'openai';
import createOpenapi from 'openapi-fetch';
import { createFetch } from 'steadfetch';
import Stripe from 'stripe';
import { describe, expect, it, test } from 'vitest';
import { type Answer, events, json, startService } from './service.ts';

type Fetch = typeof globalThis.fetch;

/** What the SDKs say of themselves is left to them: their retries are off. */
const steady = () => createFetch({ retry: { base: 1, cap: 1 }, budget: false }) as unknown as Fetch;

interface Client {
  /** One call that changes something, whatever it gives. */
  readonly post: (fetch: Fetch, url: string, signal: AbortSignal) => Promise<unknown>;
  readonly answer: Answer;
  /** What of the result shows that the answer arrived. */
  readonly result: unknown;
  /** It takes no signal. */
  readonly noSignal?: true;
  /** The key is the SDK's own. */
  readonly ownKey?: RegExp;
}

const completion = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hi' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
};
const message = {
  id: 'm',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'hi' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 1, output_tokens: 1 },
};
const openai = (fetch: Fetch, url: string) => new OpenAI({ apiKey: 'k', baseURL: url, fetch, maxRetries: 0 });
const anthropic = (fetch: Fetch, url: string) =>
  new Anthropic({ apiKey: 'k', baseURL: url, fetch, maxRetries: 0 });
/** It wants a WebSocket, which Node 20 has not. */
const withoutSocket = (fetch: Fetch) => ({ global: { fetch }, realtime: { transport: class {} as never } });
const user = { role: 'user', content: 'hello' } as const;

/** A client of a service with one method, as its code generator makes them. */
function connect(fetch: Fetch, baseUrl: string, methodKind: 'unary' | 'server_streaming'): unknown {
  const method = {
    kind: 'rpc',
    methodKind,
    name: 'A',
    localName: 'a',
    input: EmptySchema,
    output: StringValueSchema,
    idempotency: 0,
  };
  const service = { kind: 'service', typeName: 's.S', name: 'S', methods: [method], method: { a: method } };
  Object.assign(method, { parent: service });
  return createConnectClient(service as never, createConnectTransport({ baseUrl, fetch }));
}

const clients: Record<string, Client> = {
  openai: {
    post: async (fetch, url, signal) =>
      (await openai(fetch, url).chat.completions.create({ model: 'm', messages: [user] }, { signal }))
        .choices[0]?.message.content,
    answer: json(completion),
    result: 'hi',
  },
  '@anthropic-ai/sdk': {
    post: async (fetch, url, signal) =>
      (
        await anthropic(fetch, url).messages.create(
          { model: 'm', max_tokens: 9, messages: [user] },
          { signal },
        )
      ).id,
    answer: json(message),
    result: 'm',
  },
  stripe: {
    post: async (fetch, url) => {
      const { hostname, port } = new URL(url);
      const httpClient = Stripe.createFetchHttpClient(fetch);
      const stripe = new Stripe('sk', {
        httpClient,
        host: hostname,
        port,
        protocol: 'http',
        maxNetworkRetries: 0,
      });
      return (await stripe.charges.create({ amount: 1, currency: 'eur' })).id;
    },
    answer: json({ id: 'ch_1', object: 'charge' }),
    result: 'ch_1',
    noSignal: true,
  },
  '@octokit/request': {
    post: async (fetch, url, signal) =>
      (await octokit('POST /repos/a/b/issues', { baseUrl: url, title: 't', request: { fetch, signal } })).data
        .number,
    answer: json({ number: 7 }),
    result: 7,
  },
  '@supabase/supabase-js': {
    post: async (fetch, url, signal) => {
      const supabase = createSupabase(url, 'key', withoutSocket(fetch));
      const { data, error } = await supabase.from('rows').insert({ a: 1 }).select().abortSignal(signal);
      if (error) throw error;
      return data;
    },
    answer: json([{ a: 1 }]),
    result: [{ a: 1 }],
  },
  ky: {
    post: (fetch, url, signal) => ky.post(url, { fetch, signal, json: { a: 1 }, retry: 0 }).json(),
    answer: json({ ok: 1 }),
    result: { ok: 1 },
  },
  ofetch: {
    post: (fetch, url, signal) =>
      createOfetch({ fetch, Headers, AbortController })(url, { method: 'POST', body: { a: 1 }, signal }),
    answer: json({ ok: 1 }),
    result: { ok: 1 },
  },
  'openapi-fetch': {
    post: async (fetch, url, signal) => {
      const client = createOpenapi<Record<string, never>>({ baseUrl: url, fetch });
      return (await (client as never as { POST: CallableFunction }).POST('/a', { body: { a: 1 }, signal }))
        .data;
    },
    answer: json({ ok: 1 }),
    result: { ok: 1 },
  },
  'graphql-request': {
    post: (fetch, url, signal) => new GraphQLClient(url, { fetch, signal }).request('mutation { a }'),
    answer: json({ data: { a: 1 } }),
    result: { a: 1 },
  },
  '@apollo/client': {
    post: async (fetch, url, signal) => {
      const client = new ApolloClient({
        link: new HttpLink({ uri: url, fetch }),
        cache: new InMemoryCache(),
      });
      const mutation = gql`mutation { a }`;
      return (await client.mutate({ mutation, context: { fetchOptions: { signal } } })).data;
    },
    answer: json({ data: { a: 1 } }),
    result: { a: 1 },
  },
  '@trpc/client': {
    post: (fetch, url, signal) =>
      createTRPCUntypedClient({ links: [httpLink({ url, fetch: fetch as never })] }).mutation(
        'a',
        { a: 1 },
        { signal },
      ),
    answer: json({ result: { data: 7 } }),
    result: 7,
  },
  '@connectrpc/connect-web': {
    post: async (fetch, baseUrl, signal) => {
      const client = connect(fetch, baseUrl, 'unary') as {
        a(input: object, options: object): Promise<{ value: string }>;
      };
      return (await client.a({}, { signal })).value;
    },
    answer: json('seven'),
    result: 'seven',
  },
  axios: {
    post: async (fetch, url, signal) =>
      (
        await axios.post(url, { a: 1 }, {
          adapter: 'fetch',
          env: { fetch },
          signal,
        } as never)
      ).data,
    answer: json({ ok: 1 }),
    result: { ok: 1 },
  },
  ai: {
    post: async (fetch, baseURL, abortSignal) => {
      const model = createOpenAI({ apiKey: 'k', baseURL, fetch }).chat('m');
      return (await generateText({ model, prompt: 'hello', abortSignal, maxRetries: 0 })).text;
    },
    answer: json(completion),
    result: 'hi',
  },
};

describe.each(Object.entries(clients))('%s', (_name, { post, answer, result, noSignal }) => {
  const never = new AbortController().signal;

  it('makes a call', async () => {
    await using service = await startService(answer);
    expect(await post(steady(), service.url, never)).toEqual(result);
    expect(service.seen).toHaveLength(1);
  });

  it.each(['unavailable', 'reset'] as const)('goes again under one key: %s', async (trouble) => {
    await using service = await startService(answer, trouble);
    expect(await post(steady(), service.url, never)).toEqual(result);
    const [first, second, ...more] = service.seen;
    expect(more).toEqual([]);
    expect(first?.headers['idempotency-key']).toMatch(/^\S{16,}$/);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(second?.body).toBe(first?.body);
    expect(second?.path).toBe(first?.path);
  });

  it.skipIf(noSignal)('is aborted, and then asks no more', async () => {
    await using service = await startService(answer, 'hang', 'hang');
    const controller = new AbortController();
    const call = post(steady(), service.url, controller.signal).then(
      () => 'answered',
      () => 'rejected',
    );
    await expect.poll(() => service.seen.length).toBe(1);
    controller.abort();
    expect(await call).toBe('rejected');
    expect(service.seen).toHaveLength(1);
  });
});

describe('ofetch hands its own options on', () => {
  const ofetch = createOfetch({ fetch: steady(), Headers, AbortController });

  it.each([{ retry: 0 }, { timeout: 20_000 }, {}] as const)(
    'and is served, and its call goes again: %o',
    async (options) => {
      await using service = await startService(json({ ok: 1 }), 'unavailable', 'unavailable');
      expect(await ofetch(service.url, options)).toEqual({ ok: 1 });
      expect(service.seen).toHaveLength(3);
    },
  );

  it('but `retry: false`, which here is an option of the policy, is refused by name', async () => {
    await using service = await startService(json({}));
    await expect(ofetch(service.url, { retry: false })).rejects.toThrow('retry belongs in policy');
    expect(service.seen).toEqual([]);
  });

  it('and when it asks again by itself, it gets the status, not a complaint', async () => {
    const troubles = Array<'unavailable'>(10).fill('unavailable');
    await using service = await startService(json({}), ...troubles);
    await expect(ofetch(service.url)).rejects.toMatchObject({ status: 503 });
    expect(service.seen).toHaveLength(10);
  });

  it('and repeats of its own are refused until it has counted down to none, so that one layer repeats', async () => {
    await using service = await startService(json({ ok: 1 }), 'unavailable');
    expect(await ofetch(service.url, { method: 'POST', retry: 2 })).toEqual({ ok: 1 });
    expect(service.seen).toHaveLength(2);
  });
});

describe('an upload, after a 503', () => {
  const bytes = 'some bytes of a file';
  const uploads: Record<string, [(fetch: Fetch, url: string) => Promise<unknown>, unknown]> = {
    openai: [
      async (fetch, url) =>
        openai(fetch, url).files.create({
          file: await toFile(Buffer.from(bytes), 'a.txt'),
          purpose: 'batch',
        }),
      { id: 'f' },
    ],
    '@anthropic-ai/sdk': [
      async (fetch, url) =>
        anthropic(fetch, url).beta.files.upload({ file: await toAnthropicFile(Buffer.from(bytes), 'a.txt') }),
      { id: 'f' },
    ],
    '@supabase/supabase-js': [
      async (fetch, url) => {
        const { error } = await createSupabase(url, 'key', withoutSocket(fetch))
          .storage.from('files')
          .upload('a.txt', new Blob([bytes]));
        if (error) throw error;
      },
      { Id: 'f', Key: 'files/a.txt' },
    ],
    ky: [(fetch, url) => ky.post(url, { fetch, body: form(), retry: 0 }).json(), {}],
    axios: [(fetch, url) => axios.post(url, form(), { adapter: 'fetch', env: { fetch } } as never), {}],
    ofetch: [
      (fetch, url) =>
        createOfetch({ fetch, Headers, AbortController })(url, { method: 'POST', body: form() }),
      {},
    ],
    'openapi-fetch': [
      async (fetch, url) => {
        const client = createOpenapi<Record<string, never>>({ baseUrl: url, fetch });
        const { error } = await (client as never as { POST: CallableFunction }).POST('/a', { body: form() });
        if (error) throw error;
      },
      {},
    ],
    '@octokit/request': [
      (fetch, url) =>
        octokit('POST /repos/a/b/releases/1/assets', {
          baseUrl: url,
          headers: { 'content-type': 'text/plain' },
          data: Buffer.from(bytes),
          request: { fetch },
        }),
      {},
    ],
    '@trpc/client': [
      (fetch, url) =>
        createTRPCUntypedClient({ links: [httpLink({ url, fetch: fetch as never })] }).mutation('a', form()),
      { result: { data: 7 } },
    ],
    ai: [
      (fetch, baseURL) =>
        experimental_transcribe({
          model: createOpenAI({ apiKey: 'k', baseURL, fetch }).transcription('whisper-1'),
          audio: Buffer.from(bytes),
          maxRetries: 0,
        }),
      { text: 'hi' },
    ],
  };
  function form(): FormData {
    const data = new FormData();
    data.set('file', new File([bytes], 'a.txt'));
    return data;
  }

  it.each(Object.entries(uploads))('%s', async (_name, [upload, answer]) => {
    await using service = await startService(json(answer), 'unavailable');
    await upload(steady(), service.url);
    const [first, second, ...more] = service.seen;
    expect(more).toEqual([]);
    expect(first?.body).toContain(bytes);
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['content-type']).toBe(first?.headers['content-type']);
  });
});

describe('a stream, after a 503', () => {
  const chunk = (content: string) =>
    JSON.stringify({
      ...completion,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta: { content } }],
    });
  const chunks = events(chunk('h'), chunk('i'), '[DONE]');

  test('openai', async () => {
    await using service = await startService(chunks, 'unavailable');
    let text = '';
    const stream = await openai(steady(), service.url).chat.completions.create({
      model: 'm',
      messages: [user],
      stream: true,
    });
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    expect([text, service.seen.length]).toEqual(['hi', 2]);
  });

  test('@anthropic-ai/sdk', async () => {
    const delta = (text: string) => ({
      event: 'content_block_delta',
      data: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    });
    const answer = events(
      { event: 'message_start', data: { type: 'message_start', message: { ...message, content: [] } } },
      delta('h'),
      delta('i'),
      { event: 'message_stop', data: { type: 'message_stop' } },
    );
    await using service = await startService(answer, 'unavailable');
    let text = '';
    const options = { model: 'm', max_tokens: 9, messages: [user], stream: true } as const;
    for await (const event of await anthropic(steady(), service.url).messages.create(options)) {
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta') text += event.delta.text;
    }
    expect([text, service.seen.length]).toEqual(['hi', 2]);
  });

  test('ai', async () => {
    await using service = await startService(chunks, 'unavailable');
    const model = createOpenAI({ apiKey: 'k', baseURL: service.url, fetch: steady() }).chat('m');
    let text = '';
    for await (const part of streamText({ model, prompt: 'hello', maxRetries: 0 }).textStream) text += part;
    expect([text, service.seen.length]).toEqual(['hi', 2]);
  });

  const all = async (stream: unknown): Promise<string> => {
    let text = '';
    for await (const part of stream as AsyncIterable<Uint8Array>) text += Buffer.from(part).toString();
    return text;
  };
  const parts: Answer = (response) => {
    response.setHeader('content-type', 'text/event-stream');
    response.write('data: h\n\n');
    response.end('data: i\n\n');
  };
  /** Those that hand the body over as it comes. */
  const streams: Record<string, (fetch: Fetch, url: string) => Promise<unknown>> = {
    ky: async (fetch, url) => (await ky(url, { fetch, retry: 0 })).body,
    ofetch: (fetch, url) =>
      createOfetch({ fetch, Headers, AbortController })(url, { responseType: 'stream', retry: 0 }),
    'openapi-fetch': async (fetch, url) => {
      const client = createOpenapi<Record<string, never>>({ baseUrl: url, fetch });
      return (await (client as never as { GET: CallableFunction }).GET('/a', { parseAs: 'stream' })).data;
    },
    '@octokit/request': async (fetch, url) =>
      (await octokit('GET /a', { baseUrl: url, request: { fetch, parseSuccessResponseBody: false } })).data,
    axios: async (fetch, url) =>
      (
        await axios.get(url, {
          adapter: 'fetch',
          responseType: 'stream',
          env: { fetch },
        } as never)
      ).data,
    '@supabase/supabase-js': async (fetch, url) => {
      const { data, error } = await createSupabase(url, 'key', withoutSocket(fetch)).functions.invoke('f');
      if (error) throw error;
      return (data as Response).body;
    },
  };

  test.each(Object.entries(streams))('%s', async (_name, open) => {
    await using service = await startService(parts, 'unavailable');
    expect(await all(await open(steady(), service.url))).toBe('data: h\n\ndata: i\n\n');
    expect(service.seen).toHaveLength(2);
  });

  test('@trpc/client', async () => {
    const lines: Answer = (response) => {
      response.setHeader('content-type', 'application/json');
      response.write('{"0":[[0],[null,0,0]]}\n');
      response.end('[0,0,[[{"result":0}],["result",0,1]]]\n[1,0,[[{"data":7}]]]\n');
    };
    await using service = await startService(lines, 'unavailable');
    const links = [httpBatchStreamLink({ url: service.url, fetch: steady() as never })];
    expect(await createTRPCUntypedClient({ links }).query('a')).toBe(7);
    expect(service.seen).toHaveLength(2);
  });

  test('@connectrpc/connect-web', async () => {
    const envelope = (flags: number, value: unknown) => {
      const text = Buffer.from(JSON.stringify(value));
      const head = Buffer.alloc(5);
      head.writeUInt8(flags);
      head.writeUInt32BE(text.length, 1);
      return Buffer.concat([head, text]);
    };
    const answer: Answer = (response) => {
      response.setHeader('content-type', 'application/connect+json');
      response.write(envelope(0, 'h'));
      response.write(envelope(0, 'i'));
      response.end(envelope(2, {}));
    };
    await using service = await startService(answer, 'unavailable');
    const client = connect(steady(), service.url, 'server_streaming') as {
      a(input: object): AsyncIterable<{ value: string }>;
    };
    let text = '';
    for await (const { value } of client.a({})) text += value;
    expect([text, service.seen.length]).toEqual(['hi', 2]);
  });
});

const mcpServer: Answer = (response, { method, body }) => {
  const { id, method: asked } = method === 'POST' ? JSON.parse(body) : {};
  if (method !== 'POST') return void response.writeHead(405).end();
  if (id === undefined) return void response.writeHead(202).end();
  const result =
    asked === 'initialize'
      ? {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 's', version: '1' },
        }
      : { tools: [{ name: 't', inputSchema: { type: 'object' } }] };
  events(JSON.stringify({ jsonrpc: '2.0', id, result }))(response, {} as never);
};

describe.each(['unavailable', 'reset'] as const)('a stream of events, after: %s', (trouble) => {
  test('eventsource', async () => {
    await using service = await startService(events('first'), trouble);
    const source = new EventSource(service.url, { fetch: steady() as never });
    const data = await new Promise((resolve, reject) => {
      source.onmessage = (event) => resolve(event.data);
      source.onerror = (event) => reject(new Error(event.message));
    });
    source.close();
    expect(data).toBe('first');
    // A GET needs no key.
    expect(service.seen.map(({ headers }) => headers['idempotency-key'])).toEqual([undefined, undefined]);
  });

  test('@modelcontextprotocol/sdk', async () => {
    await using service = await startService(mcpServer, trouble);
    const client = new McpClient({ name: 'c', version: '1' });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(service.url), { fetch: steady() }) as never,
    );
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['t']);
    const [first, second] = service.seen;
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    await client.close();
  });
});

describe('a stream of events that is closed asks no more', () => {
  test('eventsource', async () => {
    await using service = await startService(events(), 'hang', 'hang');
    const source = new EventSource(service.url, { fetch: steady() as never });
    await expect.poll(() => service.seen.length).toBe(1);
    source.close();
    await expect.poll(() => service.givenUp()).toBe(1);
    expect(service.seen).toHaveLength(1);
  });

  test('@modelcontextprotocol/sdk', async () => {
    await using service = await startService(mcpServer, 'hang', 'hang');
    const client = new McpClient({ name: 'c', version: '1' });
    const transport = new StreamableHTTPClientTransport(new URL(service.url), { fetch: steady() });
    const connected = client.connect(transport as never).then(
      () => 'connected',
      () => 'rejected',
    );
    await expect.poll(() => service.seen.length).toBe(1);
    await client.close();
    expect(await connected).toBe('rejected');
    await expect.poll(() => service.givenUp()).toBe(1);
    expect(service.seen).toHaveLength(1);
  });
});
