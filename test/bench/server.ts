import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

// A process of its own: answers every request with a small JSON; under /flaky/ every second time with a 503 first; under
// /bytes/ with as many bytes as the path says.

const ANSWER = JSON.stringify({ ok: true, id: 'ch_3MmlLrLkdIwHu7ix', amount: 1_999, currency: 'eur' });
const seen = new Set<string>();

const CHUNK = Buffer.alloc(65_536, 'x');

const server = createServer((request, response) => {
  const [, bytes] = /^\/bytes\/(\d+)$/.exec(request.url ?? '') ?? [];
  if (bytes !== undefined) {
    Readable.from(chunksOf(Number(bytes))).pipe(response);
    return;
  }
  request.resume().on('end', () => {
    response.statusCode = isToFail(request.url ?? '') ? 503 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(ANSWER);
  });
});
server.keepAliveTimeout = 120_000;

function* chunksOf(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}

/** Each flaky URL fails once. */
function isToFail(url: string): boolean {
  if (!url.startsWith('/flaky/') || seen.delete(url)) return false;
  seen.add(url);
  return true;
}

server.listen(0, '127.0.0.1', () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.on('disconnect', () => process.exit());
