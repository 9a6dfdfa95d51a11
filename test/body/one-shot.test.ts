import { describe, expect, test } from 'vitest';
import { makeBodySource } from '../../src/body/make-source.ts';
import { OneShot } from '../../src/body/one-shot.ts';
import { requestBody } from '../../src/body/request-body.ts';

const odd = (value: unknown) => value as never;

/** Gives its chunks, and notes whether it was left. */
function source(...chunks: unknown[]) {
  const noted = { started: false, left: false };
  async function* give() {
    noted.started = true;
    try {
      yield* chunks;
    } finally {
      noted.left = true;
    }
  }
  return { noted, iterable: { [Symbol.asyncIterator]: () => give() } };
}

const readerOf = (shot: { next(): unknown }) => (shot.next() as ReadableStream<Uint8Array>).getReader();
const textOf = async (shot: { next(): unknown }) => new Response(shot.next() as ReadableStream).text();

describe('a stream that goes once', () => {
  test('is not touched before it is read, not even when it is teed', async () => {
    const { noted, iterable } = source('a');
    const shot = new OneShot(iterable);
    (shot.next() as ReadableStream).tee();
    await new Promise((resolve) => setImmediate(resolve));
    expect(noted.started).toBe(false);
    expect(shot.repeatable()).toBe(true);
    expect(await textOf(shot)).toBe('a');
    expect(shot.repeatable()).toBe(false);
  });

  test('that is given up unread may still go', async () => {
    const { noted, iterable } = source('a');
    const shot = new OneShot(iterable);
    await (shot.next() as ReadableStream).cancel('enough');
    expect(noted).toEqual({ started: false, left: false });
    expect(await textOf(shot)).toBe('a');
  });

  test('that is given up half-way is left properly', async () => {
    const { noted, iterable } = source('a', 'b');
    const shot = new OneShot(iterable);
    const reader = readerOf(shot);
    await reader.read();
    await reader.cancel('enough');
    expect(noted.left).toBe(true);
    expect(shot.repeatable()).toBe(false);
  });

  test('need not be one that can be left', async () => {
    const iterator = { next: async () => ({ done: false as const, value: 'a' }) };
    const reader = readerOf(new OneShot({ [Symbol.asyncIterator]: () => iterator }));
    await reader.read();
    await expect(reader.cancel('enough')).resolves.toBeUndefined();
  });

  test('tells its own source why it was given up', async () => {
    const reasons: unknown[] = [];
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue('a'),
      cancel: (reason) => void reasons.push(reason),
    });
    const reader = readerOf(new OneShot(stream));
    await reader.read();
    await reader.cancel('enough');
    expect(reasons).toEqual(['enough']);
  });

  test('leaves the chunks to whom they belong', async () => {
    const chunk = new Uint8Array([1, 2, 3, 4]);
    const { iterable } = source(chunk, chunk.subarray(1, 3), new Uint16Array(chunk.buffer, 2, 1), '', 'text');
    const bytes = new Uint8Array(
      await new Response(new OneShot(iterable).next() as ReadableStream).arrayBuffer(),
    );
    expect([...bytes]).toEqual([1, 2, 3, 4, 2, 3, 3, 4, ...Buffer.from('text')]);
    expect(chunk.byteLength).toBe(4);
  });

  test.each([
    ['an object', { amount: 1 }],
    ['a Map', new Map([['amount', 1]])],
    ['a number', 7],
    ['null', null],
    ['a function', (amount: number) => amount],
  ])('has no chunk that is %s: it would go out empty, or as garbage', async (_name, chunk) => {
    const { iterable } = source(chunk);
    const reading = new Response(new OneShot(iterable).next() as ReadableStream).arrayBuffer();
    await expect(reading).rejects.toThrow("a body can't have a chunk like");
  });

  test('takes memory and lists of bytes for chunks', async () => {
    const { iterable } = source(new Uint8Array([1, 2]).buffer, [3, 4]);
    const bytes = await new Response(new OneShot(iterable).next() as ReadableStream).arrayBuffer();
    expect([...new Uint8Array(bytes)]).toEqual([1, 2, 3, 4]);
  });

  test('can be read into a buffer of the reader, to its end', async () => {
    const { iterable } = source('ab');
    const reader = (new OneShot(iterable).next() as ReadableStream<Uint8Array>).getReader({ mode: 'byob' });
    const first = await reader.read(new Uint8Array(8));
    expect(Buffer.from(first.value ?? []).toString()).toBe('ab');
    expect((await reader.read(new Uint8Array(8))).done).toBe(true);
  });
});

describe("a Request's body", () => {
  const bodyOf = (body: unknown) =>
    new Request('http://api.example', odd({ method: 'POST', body, duplex: 'half' })).body as ReadableStream;

  test('that is longer than what is read ahead is cancelled when it is given up', async () => {
    let cancelled = false;
    const stream = new ReadableStream({
      type: 'bytes',
      pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
      cancel: () => {
        cancelled = true;
      },
    });
    const shot = await requestBody(stream);
    const reader = readerOf(shot);
    await reader.read();
    expect(stream.locked).toBe(true);
    await reader.cancel();
    expect([cancelled, stream.locked]).toEqual([true, false]);
  });

  test('begins with what was read ahead, and goes on to its end', async () => {
    const parts = Array.from({ length: 30 }, (_, i) => String.fromCharCode(65 + i).repeat(65_536));
    const body = bodyOf(new Blob(parts));
    const shot = await requestBody(body);
    expect(shot.repeatable()).toBe(true);
    expect((await textOf(shot)) === parts.join('')).toBe(true);
    expect(shot.repeatable()).toBe(false);
    expect(body.locked).toBe(false);
  });

  test.each([1, 5_000_000])('of %i characters can be had as often as it takes', async (length) => {
    const source = await requestBody(bodyOf('x'.repeat(length)));
    for (const attempt of [1, 2]) {
      expect(attempt && (await new Response(source.next() as Blob).text()).length).toBe(length);
      expect(source.repeatable()).toBe(true);
    }
  });
});

test('a whole body, and one from a function, can be had as often as it takes', () => {
  for (const body of ['text', new Uint8Array(3), new Blob(['x']), new URLSearchParams('a=b'), () => 'made']) {
    expect(makeBodySource(body, false)?.repeatable()).toBe(true);
  }
  expect(makeBodySource(undefined, false)).toBeUndefined();
  expect(makeBodySource(null, false)).toBeUndefined();
});

test('for a single attempt, a stream is given as it is', () => {
  const stream = new ReadableStream();
  expect(makeBodySource(stream, true)?.next()).toBe(stream);
  expect(makeBodySource(stream, false)?.next()).not.toBe(stream);
});
