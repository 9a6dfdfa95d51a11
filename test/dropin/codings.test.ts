import { randomBytes } from 'node:crypto';
import zlib, { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { errorFacts } from './observe.ts';
import { expectSame, plainFetch } from './same-as-fetch.ts';

const api = createFetch({ retry: false });

const compress: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: gzipSync,
  'X-GZIP': gzipSync,
  deflate: deflateSync,
  'deflate ': deflateRawSync,
  br: brotliCompressSync,
  'gzip, br': (body) => brotliCompressSync(gzipSync(body)),
  ' deflate ,gzip': (body) => gzipSync(deflateSync(body)),
  'gzip, unknown': gzipSync,
  identity: (body) => body,
  ...('zstdCompressSync' in zlib && {
    zstd: (zlib as unknown as { zstdCompressSync(body: Buffer): Buffer }).zstdCompressSync,
  }),
};

const bodies: Readonly<Record<string, Buffer>> = {
  nothing: Buffer.alloc(0),
  'a word': Buffer.from('hello'),
  'text with a byte order mark and half a letter': Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xe2, 0x82]),
  'what grows a thousandfold': Buffer.alloc(300_000, 'a'),
  'what does not shrink': randomBytes(70_000),
};

/** The bodies whose coded forms are broken. More would find nothing new. */
const BROKEN = ['a word', 'what grows a thousandfold'];

/** What a server can do with a coded body. */
const sent: Readonly<Record<string, (coded: Buffer) => Buffer>> = {
  whole: (coded) => coded,
  'cut in the middle': (coded) => coded.subarray(0, Math.floor(coded.length / 2)),
  'cut by one byte': (coded) => coded.subarray(0, -1),
  'with something behind it': (coded) => Buffer.concat([coded, Buffer.from('more')]),
  'twice over': (coded) => Buffer.concat([coded, coded]),
  'not at all': () => Buffer.from('this is not coded'),
  empty: () => Buffer.alloc(0),
};

/** Ways to read a body. Each returns plain JSON. */
const ways: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
  text: async (response) => digest(Buffer.from(await response.text())),
  bytes: async (response) => digest(Buffer.from(await response.arrayBuffer())),
  stream: async (response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body ?? []) chunks.push(chunk as Uint8Array);
    return digest(Buffer.concat(chunks));
  },
  'both halves of a clone': async (response) => {
    const clone = response.clone();
    return Promise.all([response.text(), clone.text()].map(async (text) => digest(Buffer.from(await text))));
  },
};

const digest = (bytes: Buffer) => [
  bytes.length,
  bytes.subarray(0, 16).toString('latin1'),
  bytes.subarray(-16).toString('latin1'),
];

describe.each(Object.keys(compress))('a body in %s', { timeout: 30_000 }, (coding) => {
  test.each(Object.keys(sent))('%s, is what fetch makes of it', (how) =>
    expectSame(
      async ({ fetch, server, url }) => {
        const seen: Record<string, unknown> = {};
        for (const [what, body] of Object.entries(bodies)) {
          if (how !== 'whole' && !BROKEN.includes(what)) continue;
          const coded = sent[how]?.(compress[coding]?.(body) ?? body) ?? body;
          server.answer = (_request, response) => {
            response.writeHead(200, { 'content-encoding': coding });
            // In pieces, so that the body does not arrive together with the headers.
            response.write(coded.subarray(0, 10));
            setImmediate(() => response.end(coded.subarray(10)));
          };
          for (const [way, read] of Object.entries(ways)) {
            const response = await fetch(url);
            seen[`${what}, ${way}`] = await read(response).catch(errorFacts);
          }
        }
        return seen;
      },
      plainFetch,
      api,
    ),
  );
});
