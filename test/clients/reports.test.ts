import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { generateText, streamText } from 'ai';
import OpenAI from 'openai';
import { callReport, createFetch } from 'steadfetch';
import { describe, expect, it } from 'vitest';
import { type Answer, json, startService, type Trouble } from './service.ts';

// docs/sdks.md, "Where the report is" and "A stream that breaks off".

const user = { role: 'user', content: 'hello' } as const;
const question = { model: 'm', messages: [user] };
const message = { model: 'm', max_tokens: 9, messages: [user] };
const api = createFetch({ retry: false, breaker: false, timeout: { attempt: 1_000, idle: 1_000 } });
const openai = (baseURL: string) => new OpenAI({ apiKey: 'k', baseURL, fetch: api, maxRetries: 0 });
const anthropic = (baseURL: string) => new Anthropic({ apiKey: 'k', baseURL, fetch: api, maxRetries: 0 });
const model = (baseURL: string) => createOpenAI({ apiKey: 'k', baseURL, fetch: api }).chat('m');

const choices = [{ index: 0, delta: { content: 'hi' }, finish_reason: null }];
const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices };
const start = {
  type: 'message_start',
  message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage: {} },
};

/** One event of a stream, and then what `next` does. */
const streamed =
  (event: { type: string } | typeof chunk, next: (socket: { destroy(): void }) => void): Answer =>
  (response) => {
    response.setHeader('content-type', 'text/event-stream');
    const name = 'type' in event ? `event: ${event.type}\n` : '';
    response.write(`${name}data: ${JSON.stringify(event)}\n\n`, () => next(response));
  };
const breaks = (response: { destroy(): void }) => setImmediate(() => response.destroy());
const goesOn = () => {};

async function read(stream: AsyncIterable<unknown> | Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const _ of await stream);
}

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe('the report of a response', () => {
  it.each<[string, (url: string) => Promise<{ response: Response }>]>([
    ['openai', (url) => openai(url).chat.completions.create(question).withResponse()],
    ['@anthropic-ai/sdk', (url) => anthropic(url).messages.create(message).withResponse()],
  ])('%s: is found by withResponse()', async (_name, call) => {
    await using service = await startService(json({ id: 'x', type: 'message', content: [], choices: [] }));
    const { response } = await call(service.url);
    expect(callReport(response)?.stopped).toBe('success');
  });
});

describe('the report of an error', () => {
  type Row = [string, (url: string) => Promise<unknown>];
  const plain: Row[] = [
    ['openai', (url) => openai(url).chat.completions.create(question)],
    ['@anthropic-ai/sdk', (url) => anthropic(url).messages.create(message)],
    ['ai', (url) => generateText({ model: model(url), prompt: 'q', maxRetries: 0 })],
  ];

  it.each(plain.slice(0, 2))('%s: is found where there was no connection', async (_name, call) => {
    const error = await errorOf(call('http://127.0.0.1:1'));
    expect(callReport(error)?.delivery).toBe('not-sent');
  });

  it('openai: is found where the breaker is open', async () => {
    const held = createFetch();
    held.breakers.isolate('http://127.0.0.1:1');
    const sdk = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1', fetch: held, maxRetries: 0 });
    const error = await errorOf(sdk.chat.completions.create(question));
    expect(callReport(error)?.stopped).toBe('breaker');
  });

  it('ai, no connection: is in the event alone', async () => {
    const settled: string[] = [];
    const off = api.on('settled', ({ delivery }) => settled.push(delivery));
    const error = await errorOf(
      generateText({ model: model('http://127.0.0.1:1'), prompt: 'q', maxRetries: 0 }),
    );
    off();
    expect(callReport(error)).toBeUndefined();
    expect(settled).toEqual(['not-sent']);
  });

  it.each<[...Row, Trouble]>([
    ...plain.map(([name, call]): [...Row, Trouble] => [`${name}, a status`, call, 'unavailable']),
    ...plain.slice(0, 2).map(([name, call]): [...Row, Trouble] => [`${name}, a timeout`, call, 'hang']),
  ])('%s: is in the event alone', async (_name, call, trouble) => {
    await using service = await startService(json({}), trouble);
    const settled: string[] = [];
    const off = api.on('settled', ({ stopped }) => settled.push(stopped));
    const error = await errorOf(call(service.url));
    off();
    expect(error).toBeInstanceOf(Error);
    expect(callReport(error)).toBeUndefined();
    expect(settled).toEqual(['attempts']);
  });

  it.each<[string, object, (url: string) => Promise<unknown>]>([
    ['openai', chunk, (url) => read(openai(url).chat.completions.create({ ...question, stream: true }))],
    ['openai, .stream()', chunk, (url) => read(openai(url).chat.completions.stream(question))],
    ['@anthropic-ai/sdk', start, (url) => read(anthropic(url).messages.create({ ...message, stream: true }))],
    ['@anthropic-ai/sdk, .stream()', start, (url) => read(anthropic(url).messages.stream(message))],
    [
      'ai',
      chunk,
      (url) =>
        read(streamText({ model: model(url), prompt: 'q', maxRetries: 0, onError: () => {} }).textStream),
    ],
  ])('%s: is found where a stream broke off', async (_name, event, call) => {
    await using service = await startService(streamed(event as typeof chunk, breaks));
    const report = callReport(await errorOf(call(service.url)));
    expect(report).toMatchObject({ stopped: 'success', body: { end: 'network' } });
  });

  it.each<[string, object, (url: string) => Promise<unknown>]>([
    ['openai', chunk, (url) => read(openai(url).chat.completions.create({ ...question, stream: true }))],
    ['@anthropic-ai/sdk', start, (url) => read(anthropic(url).messages.create({ ...message, stream: true }))],
  ])('%s: is found where a stream fell silent', async (_name, event, call) => {
    await using service = await startService(streamed(event as typeof chunk, goesOn));
    const error = await errorOf(call(service.url));
    expect(error?.cause).toMatchObject({ name: 'TimeoutError' });
    expect(callReport(error)).toMatchObject({ stopped: 'success', body: { end: 'idle' } });
  });
});

describe('an own abort in a stream', () => {
  it.each<[string, object, (url: string, signal: AbortSignal) => Promise<unknown>]>([
    [
      'openai',
      chunk,
      (url, signal) => read(openai(url).chat.completions.create({ ...question, stream: true }, { signal })),
    ],
    [
      '@anthropic-ai/sdk',
      start,
      (url, signal) => read(anthropic(url).messages.create({ ...message, stream: true }, { signal })),
    ],
    [
      'ai',
      chunk,
      (url, abortSignal) =>
        read(streamText({ model: model(url), prompt: 'q', maxRetries: 0, abortSignal }).textStream),
    ],
  ])('%s: ends it without an error', async (_name, event, call) => {
    const controller = new AbortController();
    await using service = await startService(streamed(event as typeof chunk, goesOn));
    const off = api.on('settled', () => setImmediate(() => controller.abort()));
    expect(await errorOf(call(service.url, controller.signal))).toBeUndefined();
    off();
    expect(controller.signal.aborted).toBe(true);
  });

  it.each<[string, object, (url: string, signal: AbortSignal) => Promise<unknown>]>([
    ['openai', chunk, (url, signal) => read(openai(url).chat.completions.stream(question, { signal }))],
    ['@anthropic-ai/sdk', start, (url, signal) => read(anthropic(url).messages.stream(message, { signal }))],
  ])('%s: is thrown by .stream()', async (_name, event, call) => {
    const controller = new AbortController();
    await using service = await startService(streamed(event as typeof chunk, goesOn));
    const off = api.on('settled', () => setImmediate(() => controller.abort()));
    const error = await errorOf(call(service.url, controller.signal));
    off();
    expect(error?.constructor.name).toBe('APIUserAbortError');
    expect(callReport(error)).toBeUndefined();
  });
});
