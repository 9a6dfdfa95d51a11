import { RECORD, type RecordPlace } from '../record-place.ts';
import type { ResponseBody } from './response-body.ts';

/** What a response is made of. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly type: Response['type'];
  /** Every header, in the order in which it came. */
  headers(): Iterable<[name: string, value: string]>;
  /** One header, its values joined. @param name in lower case */
  header(name: string): string | null;
  readonly body: ResponseBody | null;
}

/** Makes responses that are instances of the `Response` that was global then. */
export type MakeResponse = (parts: ResponseParts) => Response;

/** The parts of a response that was made here. */
export type PartsOf = (response: Response) => ResponseParts | undefined;

const made = new WeakMap<typeof Response, ReturnType<typeof responseMaker>>();

/** One for each pair of classes: globals can be replaced, and are. */
export function responses(): { make: MakeResponse; partsOf: PartsOf } {
  const known = made.get(Response);
  if (known !== undefined && known.headers === Headers) return known;
  const maker = responseMaker(Response, Headers);
  made.set(Response, maker);
  return maker;
}

function responseMaker(BaseResponse: typeof Response, BaseHeaders: typeof Headers) {
  const immutable = immutableHeaders(BaseHeaders);

  class WireResponse extends baseOf(BaseResponse) implements RecordPlace {
    readonly #parts: ResponseParts;
    #headers: Headers | undefined;
    #record: unknown;

    constructor(parts: ResponseParts) {
      super(parts);
      this.#parts = parts;
    }

    static parts(response: object): ResponseParts | undefined {
      return #parts in response ? response.#parts : undefined;
    }

    get [RECORD](): unknown {
      return #record in this ? this.#record : undefined;
    }
    set [RECORD](record: unknown) {
      if (#record in this) this.#record = record;
    }

    get type(): Response['type'] {
      return this.#parts.type;
    }
    get url(): string {
      return this.#parts.url;
    }
    get redirected(): boolean {
      return this.#parts.redirected;
    }
    get status(): number {
      return this.#parts.status;
    }
    get ok(): boolean {
      return this.#parts.status >= 200 && this.#parts.status <= 299;
    }
    get statusText(): string {
      return this.#parts.statusText;
    }
    get headers(): Headers {
      this.#headers ??= immutable(this.#parts.headers());
      return this.#headers;
    }
    get body(): ReadableStream<Uint8Array> | null {
      return this.#parts.body?.stream ?? null;
    }
    get bodyUsed(): boolean {
      return this.#parts.body?.used ?? false;
    }

    arrayBuffer(): Promise<ArrayBuffer> {
      return this.#read((bytes) => new Uint8Array(bytes).buffer);
    }
    bytes(): Promise<Uint8Array> {
      return this.#read((bytes) => new Uint8Array(bytes));
    }
    text(): Promise<string> {
      return this.#read(textOf);
    }
    json(): Promise<unknown> {
      return this.#read(jsonOf);
    }
    blob(): Promise<Blob> {
      return this.#read((bytes) => this.#asBase(bytes).blob());
    }
    formData(): Promise<FormData> {
      return this.#read((bytes) => this.#asBase(bytes).formData());
    }

    clone(): WireResponse {
      const parts = this.#parts;
      if (parts.body?.unusable) throw new TypeError('Response.clone: Body has already been consumed.');
      return new WireResponse({
        ...{ status: parts.status, statusText: parts.statusText, url: parts.url, type: parts.type },
        redirected: parts.redirected,
        headers: () => parts.headers(),
        header: (name) => parts.header(name),
        body: parts.body?.tee() ?? null,
      });
    }

    async #read<Made>(make: (bytes: Buffer) => Made | Promise<Made>): Promise<Made> {
      const { body } = this.#parts;
      if (body === null) return make(Buffer.alloc(0));
      if (body.unusable) throw new TypeError('Body is unusable: Body has already been read');
      const bytes = body.read();
      return make(bytes instanceof Promise ? await bytes : bytes);
    }

    /** What only the content-type decides about is the runtime's to do. */
    #asBase(bytes: Buffer): Response {
      const type = this.headers.get('content-type');
      return new BaseResponse(
        bytes as unknown as string,
        type === null ? {} : { headers: { 'content-type': type } },
      );
    }
  }

  Object.defineProperty(WireResponse.prototype, 'constructor', { value: BaseResponse });
  // Members of a class are not enumerable, and would hide those of the runtime's Response from `for … in`.
  for (const name in BaseResponse.prototype) {
    if (Object.hasOwn(WireResponse.prototype, name)) {
      Object.defineProperty(WireResponse.prototype, name, { enumerable: true });
    }
  }
  return {
    headers: BaseHeaders,
    make: (parts: ResponseParts) => new WireResponse(parts) as unknown as Response,
    partsOf: (response: Response) => WireResponse.parts(response),
  };
}

/** A class without members: those of a response are all its own. */
type Bare = new (parts: ResponseParts) => object;

function baseOf(BaseResponse: typeof Response): Bare {
  return isTheRuntimes(BaseResponse) ? byPrototype(BaseResponse) : constructed(BaseResponse);
}

/** It derives from nothing but `Object`: in Jest, from the `Object` of another realm. */
function isTheRuntimes(BaseResponse: typeof Response): boolean {
  return Object.getPrototypeOf(Object.getPrototypeOf(BaseResponse.prototype)) === null;
}

/**
 * A response by its prototype alone. To be constructed as one would cost more than all the rest, and to code that looks past
 * its members it would be an empty 200.
 */
function byPrototype(BaseResponse: typeof Response): Bare {
  return derived(class {}, BaseResponse);
}

/** The global `Response` is not the runtime's: its owner may look past the members of a response, as Hono's server does. */
function constructed(BaseResponse: typeof Response): Bare {
  class Constructed {
    constructor({ body, status, statusText, headers }: ResponseParts) {
      const response = new BaseResponse(body?.stream ?? null, {
        status,
        statusText,
        headers: [...headers()],
      });
      // The members below take effect only from here on: constructors ask for some of them.
      // biome-ignore lint/correctness/noConstructorReturn: so that private fields are added to what was constructed
      return Object.setPrototypeOf(response, new.target.prototype);
    }
  }
  return derived(Constructed, BaseResponse);
}

function derived(Derived: Bare, Base: typeof Response): Bare {
  Object.setPrototypeOf(Derived, Base);
  Object.setPrototypeOf(Derived.prototype, Base.prototype);
  return Derived;
}

/** Headers that can't be changed, as those of a response that came from outside. */
function immutableHeaders(Base: typeof Headers): (entries: Iterable<[string, string]>) => Headers {
  const refusing = (name: 'append' | 'delete' | 'set') =>
    function refuse(...given: string[]): never {
      // In `fetch`'s order: first what is wrong with a name or a value, then that nothing may be changed.
      Reflect.apply(Base.prototype[name], new Base(), given);
      throw new TypeError('immutable');
    };
  // Real ones by all but the prototype, which leads to the replaced class: code that looks past the members finds the headers.
  class Immutable {}
  Object.setPrototypeOf(Immutable.prototype, Base.prototype);
  for (const name of ['append', 'delete', 'set'] as const) {
    Object.defineProperty(Immutable.prototype, name, { value: refusing(name), writable: true });
  }
  Object.defineProperty(Immutable.prototype, 'constructor', { value: Base });
  return (entries) => {
    const headers: Headers = Reflect.construct(Base, [], Immutable);
    for (const entry of entries) Reflect.apply(Base.prototype.append, headers, entry);
    return headers;
  };
}

const decoder = new TextDecoder();

function textOf(bytes: Buffer): string {
  return decoder.decode(bytes);
}

function jsonOf(bytes: Buffer): unknown {
  return JSON.parse(textOf(bytes));
}
