import { Stream } from 'node:stream';

/** A File as in other libraries: like the runtime's, but not an instance of its class. */
export class ForeignFile {
  readonly name: string;
  readonly type: string;
  readonly #blob: Blob;

  constructor(parts: ConstructorParameters<typeof Blob>[0], name: string, type = '') {
    this.name = name;
    this.type = type;
    this.#blob = new Blob(parts);
  }

  get [Symbol.toStringTag](): string {
    return 'File';
  }
  get size(): number {
    return this.#blob.size;
  }
  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#blob.arrayBuffer();
  }
  stream(): ReadableStream {
    return this.#blob.stream();
  }
}

/** A FormData that is neither the runtime's nor undici's. */
export class ForeignFormData {
  readonly #entries: [string, unknown][] = [];

  get [Symbol.toStringTag](): string {
    return 'FormData';
  }
  append(name: string, value: unknown): void {
    this.#entries.push([name, value]);
  }
  getAll(name: string): unknown[] {
    return this.#entries.filter(([key]) => key === name).map(([, value]) => value);
  }
  get(name: string): unknown {
    return this.getAll(name)[0] ?? null;
  }
  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }
  set(name: string, value: unknown): void {
    this.delete(name);
    this.append(name, value);
  }
  delete(name: string): void {
    this.#entries.splice(0, Infinity, ...this.#entries.filter(([key]) => key !== name));
  }
  entries(): IterableIterator<[string, unknown]> {
    return this.#entries.values();
  }
  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.entries();
  }
}

/** A stream from before streams could be iterated over. It begins to flow by itself. */
export function oldStream(chunks: readonly string[], failure?: Error): Stream {
  const stream = new Stream();
  setImmediate(() => {
    for (const chunk of chunks) stream.emit('data', Buffer.from(chunk));
    if (failure === undefined) stream.emit('end');
    else stream.emit('error', failure);
  });
  return stream;
}
