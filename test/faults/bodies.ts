import type { SteadInit } from '../../src/index.ts';

/** The kinds of body that a call can have. */
export const bodyKinds = [
  'none',
  'string',
  'bytes',
  'stream',
  'function',
  'form',
  'late-function',
  'blob',
  'params',
  'iterable',
  'large',
  'request',
] as const;
export type BodyKind = (typeof bodyKinds)[number];

/** The body of a call, and what every attempt must carry. */
export interface MadeBody {
  readonly init: Pick<SteadInit, 'body' | 'duplex'>;
  /** Undefined: only the client knows the boundary. */
  readonly bytes: Buffer | undefined;
  /** Undefined: no content type is sent. */
  readonly contentType: RegExp | undefined;
}

const LARGE = 512 * 1024;
const PLAIN = /^text\/plain;charset=UTF-8$/;

/** Whether `undici.request` can send this kind, too. */
export function isForInterceptor(kind: BodyKind): boolean {
  return !['function', 'late-function', 'params', 'request'].includes(kind);
}

/** A body with the content `text`, which must need no escaping in a query string. */
export function makeBody(kind: BodyKind, text: string, entry: 'fetch' | 'interceptor'): MadeBody {
  const made = madeForFetch(kind, text);
  // `undici.request` sets no type for a string.
  return entry === 'interceptor' && kind === 'string' ? { ...made, contentType: undefined } : made;
}

function madeForFetch(kind: BodyKind, text: string): MadeBody {
  const bytes = Buffer.from(text);
  switch (kind) {
    case 'none':
      return { init: {}, bytes: Buffer.alloc(0), contentType: undefined };
    case 'string':
    case 'request':
      return { init: { body: text }, bytes, contentType: PLAIN };
    case 'bytes':
      return { init: { body: new Uint8Array(bytes) }, bytes, contentType: undefined };
    case 'large': {
      const large = Buffer.alloc(LARGE, bytes);
      return { init: { body: large }, bytes: large, contentType: undefined };
    }
    case 'function':
      return { init: { body: () => text }, bytes, contentType: PLAIN };
    case 'late-function':
      return { init: { body: () => later(text) }, bytes, contentType: PLAIN };
    case 'blob':
      return {
        init: { body: new Blob([bytes], { type: 'application/x-order' }) },
        bytes,
        contentType: /^application\/x-order$/,
      };
    case 'params':
      return {
        init: { body: new URLSearchParams(text) },
        bytes,
        contentType: /^application\/x-www-form-urlencoded;charset=UTF-8$/,
      };
    case 'stream':
      return { init: { body: new Blob([bytes]).stream(), duplex: 'half' }, bytes, contentType: undefined };
    case 'iterable':
      return { init: { body: pieces(bytes) as never, duplex: 'half' }, bytes, contentType: undefined };
    case 'form': {
      const body = new FormData();
      body.set('order', text);
      body.set('file', new Blob([bytes]), 'order.txt');
      return { init: { body }, bytes: undefined, contentType: /^multipart\/form-data; ?boundary=./ };
    }
  }
}

/** Whether a body can be sent only once. */
export function goesOnce(kind: BodyKind): boolean {
  return kind === 'stream' || kind === 'iterable';
}

async function later(text: string): Promise<string> {
  await new Promise((resolve) => setImmediate(resolve));
  return text;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, bytes.length / 2);
  yield bytes.subarray(bytes.length / 2);
}
