import { createHash, type Hash } from 'node:crypto';

/** The first lines of a request. */
export interface RequestHead {
  readonly method: string;
  /** The request target as it was sent, query included. */
  readonly path: string;
  readonly version: '1.0' | '1.1';
  /** Names in lower case; a repeated header is joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The body of a request. A large body is not kept, only hashed. */
export interface RequestBody {
  /** The first bytes, as many as the reader keeps. */
  readonly body: Buffer;
  readonly bodyLength: number;
  /** The SHA-256 of the whole body, in hex. */
  readonly sha256: string;
}

/** An event of the request that is being read, in this order. `malformed` is always the last. */
export type ReaderEvent =
  | { readonly type: 'begin' }
  | { readonly type: 'head'; readonly head: RequestHead }
  | { readonly type: 'end'; readonly body: RequestBody }
  | { readonly type: 'malformed'; readonly reason: string };

type State = 'idle' | 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'dead';

const HEAD_LIMIT = 64 * 1024;

class Malformed extends Error {}

/**
 * Reads HTTP/1.1 requests from bytes that arrive in any pieces. `next()` returns one event at a time. Bytes of pipelined requests
 * are kept until they are asked for.
 */
export class HttpReader {
  readonly #keepBody: number;
  #state: State = 'idle';
  #bytes: Buffer = Buffer.alloc(0);
  #remaining = 0;
  #body = new BodyDigest(0);

  constructor(keepBody: number) {
    this.#keepBody = keepBody;
  }

  feed(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** The next event; undefined: more bytes are needed. */
  next(): ReaderEvent | undefined {
    try {
      return this.#step();
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#state = 'dead';
      return { type: 'malformed', reason: error.message };
    }
  }

  #step(): ReaderEvent | undefined {
    if (this.#state === 'idle') {
      if (this.#bytes.length === 0) return undefined;
      this.#state = 'head';
      return { type: 'begin' };
    }
    if (this.#state === 'head') {
      const text = this.#takeUntil('\r\n\r\n');
      return text === undefined ? undefined : this.#head(text);
    }
    return this.#state === 'dead' ? undefined : this.#readBody();
  }

  #head(text: string): ReaderEvent {
    const head = parseHead(text);
    const chunked = head.headers['transfer-encoding'];
    const length = head.headers['content-length'];
    if (chunked !== undefined && length !== undefined) throw new Malformed('two ways to tell the length');
    if (chunked !== undefined && chunked.toLowerCase() !== 'chunked') {
      throw new Malformed(`transfer-encoding ${chunked}`);
    }
    if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new Malformed(`content-length ${length}`);
    this.#state = chunked === undefined ? 'length' : 'chunk-size';
    this.#remaining = Number(length ?? 0);
    this.#body = new BodyDigest(this.#keepBody);
    return { type: 'head', head };
  }

  #readBody(): ReaderEvent | undefined {
    for (;;) {
      switch (this.#state) {
        case 'length':
          if (!this.#takeBody()) return undefined;
          return this.#end();
        case 'chunk-size': {
          const line = this.#takeUntil('\r\n');
          if (line === undefined) return undefined;
          const size = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(line)?.[1];
          if (size === undefined) throw new Malformed(`chunk size ${line}`);
          this.#remaining = Number.parseInt(size, 16);
          this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data';
          break;
        }
        case 'chunk-data':
          if (!this.#takeBody()) return undefined;
          this.#state = 'chunk-end';
          break;
        case 'chunk-end': {
          const rest = this.#takeUntil('\r\n');
          if (rest === undefined) return undefined;
          if (rest !== '') throw new Malformed('chunk longer than its size');
          this.#state = 'chunk-size';
          break;
        }
        default: {
          const trailer = this.#takeUntil('\r\n');
          if (trailer === undefined) return undefined;
          if (trailer === '') return this.#end();
        }
      }
    }
  }

  #end(): ReaderEvent {
    this.#state = 'idle';
    return { type: 'end', body: this.#body.finish() };
  }

  /** Takes the counted bytes that are there. Returns true when none is missing. */
  #takeBody(): boolean {
    const part = this.#bytes.subarray(0, this.#remaining);
    this.#bytes = this.#bytes.subarray(part.length);
    this.#remaining -= part.length;
    this.#body.add(part);
    return this.#remaining === 0;
  }

  #takeUntil(delimiter: string): string | undefined {
    const index = this.#bytes.indexOf(delimiter, 0, 'latin1');
    if (index === -1 && this.#bytes.length > HEAD_LIMIT) throw new Malformed('too many bytes without an end');
    if (index === -1) return undefined;
    const text = this.#bytes.toString('latin1', 0, index);
    this.#bytes = this.#bytes.subarray(index + delimiter.length);
    return text;
  }
}

class BodyDigest {
  readonly #keep: number;
  readonly #hash: Hash = createHash('sha256');
  readonly #kept: Buffer[] = [];
  #length = 0;

  constructor(keep: number) {
    this.#keep = keep;
  }

  add(bytes: Buffer): void {
    const room = this.#keep - this.#length;
    if (room > 0) this.#kept.push(bytes.subarray(0, room));
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  finish(): RequestBody {
    return { body: Buffer.concat(this.#kept), bodyLength: this.#length, sha256: this.#hash.digest('hex') };
  }
}

function parseHead(text: string): RequestHead {
  const [requestLine = '', ...lines] = text.split('\r\n');
  const match = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/(1\.[01])$/.exec(requestLine);
  if (match === null) throw new Malformed(`request line ${requestLine}`);
  const [, method = '', path = '', version] = match;
  // Without a prototype, because a header may be called `constructor`.
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || /\s/.test(name)) throw new Malformed(`header line ${line}`);
    const value = line.slice(colon + 1).trim();
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return { method, path, version: version === '1.0' ? '1.0' : '1.1', headers };
}
