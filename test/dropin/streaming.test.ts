import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { describe } from 'vitest';
import { errorFacts, outcome } from './observe.ts';
import { type Stage, sameAsFetch } from './same-as-fetch.ts';

const odd = (value: unknown) => value as never;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A stream that returns each chunk when it is put in. */
function channel() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
  });
  return {
    stream,
    send: (text: string) => controller?.enqueue(Buffer.from(text)),
    end: () => controller?.close(),
    fail: (error: Error) => controller?.error(error),
  };
}

describe('a response arrives as it is sent', () => {
  sameAsFetch('the next chunk is only sent when the one before was read', async ({ fetch, server, url }) => {
    let out: ServerResponse | undefined;
    server.answer = (_request, response) => {
      out = response.writeHead(200);
      out.write('1');
    };
    const reader = (await fetch(url)).body?.getReader();
    const chunks: string[] = [];
    for (const next of ['2', '3', undefined]) {
      const { value } = (await reader?.read()) ?? {};
      chunks.push(Buffer.from(value ?? []).toString());
      if (next === undefined) out?.end();
      else out?.write(next);
    }
    return { chunks, done: (await reader?.read())?.done };
  });

  sameAsFetch('with for await', async ({ fetch, server, url }) => {
    server.answer = async (_request, response) => {
      response.writeHead(200);
      for (const text of ['a', 'b', 'c']) {
        await new Promise<void>((resolve) => response.write(text, () => resolve()));
        await turn();
      }
      response.end();
    };
    let text = '';
    for await (const chunk of odd((await fetch(url)).body) as AsyncIterable<Uint8Array>)
      text += Buffer.from(chunk);
    return text;
  });

  sameAsFetch('a reader that leaves closes the connection', async ({ fetch, server, url }) => {
    let closed: Promise<unknown> = Promise.resolve();
    server.answer = (_request, response) => {
      closed = once(response, 'close');
      response.writeHead(200).write('endless');
    };
    const { body } = await fetch(url);
    for await (const _chunk of odd(body) as AsyncIterable<Uint8Array>) break;
    await closed;
    return { locked: body?.locked };
  });
});

describe('a request is sent as it is made', () => {
  /** Sends `pieces` one by one, each when the server has the one before, and gets an answer at the first. */
  async function converse({ fetch, url, server }: Stage, body: (pieces: AsyncIterable<Buffer>) => unknown) {
    const heard = echo(server);
    async function* pieces() {
      for (const text of ['1', '2', '3']) {
        yield Buffer.from(text);
        await heard(text);
      }
    }
    const result = await outcome(fetch(url, odd({ method: 'POST', duplex: 'half', body: body(pieces()) })));
    return { result, seen: server.seen };
  }

  sameAsFetch('from a ReadableStream', (stage) =>
    converse(stage, (pieces) => Readable.toWeb(Readable.from(pieces, { objectMode: false }))),
  );
  sameAsFetch('from an async iterable', (stage) => converse(stage, (pieces) => pieces));
  sameAsFetch('from a Node stream', (stage) =>
    converse(stage, (pieces) => Readable.from(pieces, { objectMode: false })),
  );

  sameAsFetch('and may fail on the way', async ({ fetch, url, server }) => {
    const { stream, send, fail } = channel();
    send('half');
    const call = outcome(fetch(url, { method: 'POST', duplex: 'half', body: stream } as RequestInit));
    await turn();
    fail(new RangeError('no more'));
    return { outcome: await call, seen: server.seen };
  });

  sameAsFetch('and may fail before the first byte', async ({ fetch, url, server }) => {
    const body = new ReadableStream({
      pull() {
        throw new RangeError('nothing');
      },
    });
    return {
      outcome: await outcome(fetch(url, { method: 'POST', duplex: 'half', body } as RequestInit)),
      seen: server.seen,
    };
  });

  sameAsFetch('and may be answered before its end', async ({ fetch, url, server }) => {
    const { stream, send, end } = channel();
    server.answer = () => {};
    early(server);
    send('half');
    const response = await fetch(url, { method: 'POST', duplex: 'half', body: stream } as RequestInit);
    const text = await response.text();
    end();
    return { status: response.status, text };
  });

  sameAsFetch('and another response can be its body', async ({ fetch, url, server }) => {
    const { body } = await fetch(`${url}/source`);
    const response = await fetch(`${url}/sink`, { method: 'POST', duplex: 'half', body } as RequestInit);
    return { status: response.status, bodies: server.seen.map((request) => [request.path, request.body]) };
  });

  sameAsFetch('whatever its chunks are', async ({ fetch, url, server }) => {
    const kinds: Record<string, unknown> = {
      text: 'text',
      bytes: new Uint8Array([65, 66]),
      nothing: new Uint8Array(0),
      'a part of a buffer': Buffer.from('xyz').subarray(1),
      'a number': 5,
      null: null,
    };
    const results: unknown[] = [];
    for (const [name, chunk] of Object.entries(kinds)) {
      const streams = [
        new ReadableStream({
          start(controller) {
            controller.enqueue(chunk);
            controller.close();
          },
        }),
        (async function* () {
          yield chunk;
        })(),
      ];
      for (const body of streams) {
        server.seen.length = 0;
        const call = fetch(url, { method: 'POST', duplex: 'half', body: odd(body) } as RequestInit);
        const failure = await call
          .then(() => undefined)
          .catch((error) => (errorFacts(error) as Error).message);
        results.push([name, failure, server.seen]);
      }
    }
    return results;
  });
});

/** Makes a function that resolves once the server has received this text. */
function echo(server: Stage['server']): (text: string) => Promise<void> {
  let all = '';
  server.heard = (chunk) => {
    all += chunk;
  };
  return async (text) => {
    while (!all.includes(text)) await turn();
  };
}

/** Answers at the first bytes of a request. */
function early(server: Stage['server']): void {
  server.heard = (_chunk, response) => {
    if (!response.headersSent) response.writeHead(200, { connection: 'close' }).end('enough');
  };
}
