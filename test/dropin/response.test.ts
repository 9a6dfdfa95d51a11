import type { OutgoingHttpHeaders } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe } from 'vitest';
import type { Answer } from './mirror-server.ts';
import { errorFacts, outcome } from './observe.ts';
import { type Observe, sameAsFetch } from './same-as-fetch.ts';

/** The facts of a response to `init` when the server answers in this way. */
const answered =
  (answer: Answer, init?: RequestInit): Observe =>
  async ({ fetch, server, url }) => {
    server.answer = answer;
    return outcome(fetch(`${url}/path?q#hash`, init));
  };

/** The same for an answer that ends at once. */
const plain = (status: number, headers: OutgoingHttpHeaders, body?: string | Buffer) =>
  answered((_request, response) => void response.writeHead(status, headers).end(body));

describe('the status', () => {
  for (const status of [
    200, 201, 202, 204, 205, 206, 207, 299, 304, 400, 401, 402, 404, 407, 410, 418, 421, 422,
  ]) {
    sameAsFetch(`${status}`, plain(status, {}, status === 204 || status === 304 ? undefined : 'body'));
  }
  // Retried, and the last response is returned unchanged.
  for (const status of [408, 425, 429, 500, 501, 502, 503, 504, 599]) {
    sameAsFetch(`${status}`, plain(status, {}, 'sorry'));
  }
  sameAsFetch(
    'with words of its own',
    answered((_request, response) => void response.writeHead(200, 'Very Good').end()),
  );
  sameAsFetch(
    'without words',
    answered((_request, response) => void response.writeHead(200, ' ').end()),
  );
  sameAsFetch('after interim ones', async ({ fetch, server, url }) => {
    server.answer = (_request, response) => {
      response.writeProcessing();
      response.writeEarlyHints({ link: '</style.css>; rel=preload' });
      response.writeHead(200).end('done');
    };
    return outcome(fetch(url));
  });
});

describe('headers', () => {
  sameAsFetch('several cookies', async ({ fetch, server, url }) => {
    server.answer = (_request, response) =>
      void response.writeHead(200, { 'set-cookie': ['a=1', 'b=2, c'] }).end();
    const { headers } = await fetch(url);
    return { cookies: headers.getSetCookie(), all: [...headers], get: headers.get('set-cookie') };
  });
  sameAsFetch('several of the same name', plain(200, { 'x-a': ['1', '2'] }));
  sameAsFetch('in latin1', plain(200, { 'x-a': 'caf\u00e9' }));
  sameAsFetch('that are large', plain(200, { 'x-large': 'v'.repeat(12_000) }));
  sameAsFetch('that are too large', plain(200, { 'x-large': 'v'.repeat(20_000) }));
  sameAsFetch(
    'that are many',
    plain(200, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, i]))),
  );
  sameAsFetch('that may not be changed', async ({ fetch, url }) => {
    const { headers } = await fetch(url);
    try {
      headers.set('a', 'b');
      return 'changed';
    } catch (error) {
      return errorFacts(error);
    }
  });
  sameAsFetch('after the body are nobody’s', async ({ fetch, server, url }) => {
    server.answer = (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '1' });
      response.end();
    };
    return outcome(fetch(url));
  });
});

describe('the body', () => {
  sameAsFetch(
    'of a HEAD',
    answered((_request, response) => void response.writeHead(200, { 'content-length': '5' }).end(), {
      method: 'HEAD',
    }),
  );
  sameAsFetch('that is empty', plain(200, { 'content-length': '0' }));
  sameAsFetch('that is long', plain(200, {}, 'x'.repeat(300_000)));
  sameAsFetch('in gzip', plain(200, { 'content-encoding': 'gzip' }, gzipSync('hello')));
  sameAsFetch('in brotli', plain(200, { 'content-encoding': 'br' }, brotliCompressSync('hello')));
  sameAsFetch('in deflate', plain(200, { 'content-encoding': 'deflate' }, deflateSync('hello')));
  sameAsFetch(
    'in two encodings',
    plain(200, { 'content-encoding': 'gzip, br' }, brotliCompressSync(gzipSync('hello'))),
  );
  sameAsFetch('in an encoding that nobody knows', plain(200, { 'content-encoding': 'x-unknown' }, 'hello'));
  sameAsFetch(
    'in far too many encodings',
    plain(200, { 'content-encoding': Array(9).fill('gzip').join() }, 'hello'),
  );
  sameAsFetch('in an encoding that it is not', plain(200, { 'content-encoding': 'gzip' }, 'not gzip'));
  sameAsFetch('with a byte order mark', plain(200, {}, '\ufeffhello'));

  sameAsFetch('can be read in every way', async ({ fetch, server, url }) => {
    server.answer = (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end('{"a":1}');
    const blob = await (await fetch(url)).blob();
    return {
      json: await (await fetch(url)).json(),
      bytes: [...new Uint8Array(await (await fetch(url)).arrayBuffer())],
      blob: { type: blob.type, text: await blob.text() },
    };
  });
  sameAsFetch('can be read as a form', async ({ fetch, server, url }) => {
    server.answer = (_request, response) =>
      void response
        .writeHead(200, { 'content-type': 'multipart/form-data; boundary=b' })
        .end('--b\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--b--\r\n');
    return [...(await (await fetch(url)).formData())];
  });
  sameAsFetch('cannot be read as what it is not', async ({ fetch, url }) => {
    const readers = ['json', 'formData'] as const;
    const reads = readers.map(async (name) => (await fetch(url))[name]());
    return (await Promise.allSettled(reads)).map(
      (read) => read.status === 'rejected' && errorFacts(read.reason),
    );
  });
  sameAsFetch('can be read once', async ({ fetch, url }) => {
    const response = await fetch(url);
    const before = response.bodyUsed;
    await response.text();
    return { before, after: response.bodyUsed, again: await response.text().catch(errorFacts) };
  });
  sameAsFetch('can be cloned', async ({ fetch, url }) => {
    const response = await fetch(url);
    const clone = response.clone();
    const { status, ok, redirected, type } = clone;
    const same = clone.url === response.url;
    return { texts: [await response.text(), await clone.text()], status, ok, redirected, type, same };
  });
  sameAsFetch('can be given up', async ({ fetch, server, url }) => {
    server.answer = (_request, response) => void response.writeHead(200).write('endless');
    const response = await fetch(url);
    await response.body?.cancel('enough');
    return { bodyUsed: response.bodyUsed, text: await response.text().catch(errorFacts) };
  });
  sameAsFetch('can be read byte by byte into a buffer of the reader', async ({ fetch, url }) => {
    const reader = (await fetch(url)).body?.getReader({ mode: 'byob' });
    const { value } = (await reader?.read(new Uint8Array(2))) ?? {};
    return Buffer.from(value ?? []).toString();
  });
  sameAsFetch('that is cut off', async ({ fetch, server, url }) => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    };
    return outcome(fetch(url));
  });
});

describe('integrity', () => {
  const hello = 'sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';
  sameAsFetch(
    'that holds',
    answered((_request, response) => void response.end('hello'), { integrity: hello }),
  );
  sameAsFetch(
    'that does not hold',
    answered((_request, response) => void response.end('hell'), { integrity: hello }),
  );
  sameAsFetch(
    'that is none',
    answered((_request, response) => void response.end('hello'), { integrity: 'x' }),
  );
});

sameAsFetch(
  "a response is one of the runtime's",
  async ({ fetch, url }) => {
    const response = await fetch(url);
    return {
      response: response instanceof Response,
      headers: response.headers instanceof Headers,
      name: response.constructor.name,
      own: Object.keys(response),
      body: response.body instanceof ReadableStream,
    };
  },
  globalThis.fetch,
);
