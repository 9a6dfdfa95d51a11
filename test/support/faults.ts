/** How a conversation ends: FIN, RST, or silence until the client goes away. */
export type End = 'close' | 'reset' | 'stall';

/** An answer that is sent instead of the regular one. */
export interface Answer {
  readonly status: number;
  /** A list sends the header several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** @default a small JSON text */
  readonly body?: string;
  /** Send a body of this many bytes instead of `body`. */
  readonly bytes?: number;
  /**
   * Whether the work is done before this answer is sent.
   * @default 'done' below status 300, else 'none'
   */
  readonly effect?: 'none' | 'done';
}

/** Steps at which the request has not been read completely, so it is never in the ledger. */
export type EarlyStep =
  /** The connection is open, and nothing was read. On a reused connection: like `'first-byte'`. */
  | 'accept'
  /** The request's first bytes have arrived. */
  | 'first-byte'
  /** The headers are read, the body is not. */
  | 'head';

/** Steps at which a part of the answer was sent. A body that must not be sent (HEAD, 204) has no middle. */
export type AnswerStep =
  /** Half of the status line. */
  | 'status-line'
  /** All headers, and nothing of the body. */
  | 'headers'
  /** All headers and half of the body. */
  | 'body';

/** The conversation breaks off before the request was read. */
export interface EarlyCut {
  readonly kind: 'cut';
  readonly at: EarlyStep;
  readonly how: End;
}

/** The conversation breaks off between the request and the answer. */
export interface MiddleCut {
  readonly kind: 'cut';
  /** `'request'`: read completely, nothing booked. `'booked'`: booked, nothing answered. */
  readonly at: 'request' | 'booked';
  readonly how: End;
}

/** The conversation breaks off in the answer, after the work was done. */
export interface AnswerCut {
  readonly kind: 'cut';
  readonly at: AnswerStep;
  readonly how: End;
  /**
   * How the length of the body is given: by Content-Length, or by chunks (of which the last never comes).
   * @default 'length'
   */
  readonly framing?: 'length' | 'chunked';
  /**
   * The answer that is cut.
   * @default the regular one
   */
  readonly answer?: Answer;
}

/** The fault of one request. Plain JSON, so that a run can be logged and replayed. */
export type Fault =
  | { readonly kind: 'ok' }
  | EarlyCut
  | MiddleCut
  | AnswerCut
  /** Silent after reading. The work is still done, once the client has given up. */
  | { readonly kind: 'late' }
  /** Silent for `ms`, before or after the work. Then all goes on, even if the client has gone. */
  | { readonly kind: 'slow'; readonly at: 'request' | 'booked'; readonly ms: number }
  /** Another answer, such as a 503 with Retry-After, or a 500 with `effect: 'done'`. */
  | ({ readonly kind: 'answer' } & Answer)
  /** 1xx answers before the regular one. */
  | { readonly kind: 'interim'; readonly statuses: readonly number[] }
  /** The whole answer, or only its body, in `pieces` pieces with `gap` milliseconds between two of them. */
  | { readonly kind: 'drip'; readonly of: 'answer' | 'body'; readonly pieces: number; readonly gap: number }
  /** Bytes that are not HTTP: instead of the status line, instead of the second chunk's length, or after a whole answer. */
  | { readonly kind: 'garbage'; readonly where: 'status-line' | 'chunk-length' | 'after-answer' }
  /** Half of a gzip payload, correctly framed. */
  | { readonly kind: 'short-gzip' }
  /** A whole answer that promises keep-alive, and then the connection closes, so the next request may fail on it. */
  | { readonly kind: 'close-idle' };

/** No fault. */
export const ok: Fault = { kind: 'ok' };

/** Whether the request is cut off before it was read completely. */
export function isEarly(fault: Fault): fault is EarlyCut {
  return fault.kind === 'cut' && (fault.at === 'accept' || fault.at === 'first-byte' || fault.at === 'head');
}

/** The answer that a fault sends instead of the regular one. */
export function answerOf(fault: Fault): Answer | undefined {
  if (fault.kind === 'answer') return fault;
  return fault.kind === 'cut' && 'answer' in fault ? fault.answer : undefined;
}

/** Whether the work is done before this answer is sent. */
export function isDone(answer: Answer): boolean {
  return (answer.effect ?? (answer.status < 300 ? 'done' : 'none')) === 'done';
}

const ends: readonly End[] = ['close', 'reset', 'stall'];

/** The catalogue: every kind of fault at every step, to combine with methods and bodies, or to draw from. */
export const everyFault: readonly Fault[] = [
  ok,
  ...ends.flatMap((how): Fault[] => [
    { kind: 'cut', at: 'accept', how },
    { kind: 'cut', at: 'first-byte', how },
    { kind: 'cut', at: 'head', how },
    { kind: 'cut', at: 'request', how },
    { kind: 'cut', at: 'booked', how },
    { kind: 'cut', at: 'status-line', how },
    { kind: 'cut', at: 'headers', how },
    { kind: 'cut', at: 'body', how },
    { kind: 'cut', at: 'body', how, framing: 'chunked' },
    { kind: 'cut', at: 'body', how, answer: { status: 503 } },
  ]),
  { kind: 'late' },
  { kind: 'slow', at: 'request', ms: 20 },
  { kind: 'slow', at: 'booked', ms: 20 },
  { kind: 'answer', status: 500 },
  { kind: 'answer', status: 500, effect: 'done' },
  { kind: 'answer', status: 502 },
  { kind: 'answer', status: 503 },
  { kind: 'answer', status: 503, headers: { 'retry-after': '0' } },
  { kind: 'answer', status: 429, headers: { 'retry-after': '0' } },
  { kind: 'answer', status: 404 },
  { kind: 'answer', status: 200, bytes: 256 * 1024 },
  { kind: 'interim', statuses: [103] },
  { kind: 'interim', statuses: [100, 103] },
  { kind: 'drip', of: 'answer', pieces: 5, gap: 2 },
  { kind: 'drip', of: 'body', pieces: 5, gap: 2 },
  { kind: 'garbage', where: 'status-line' },
  { kind: 'garbage', where: 'chunk-length' },
  { kind: 'garbage', where: 'after-answer' },
  { kind: 'short-gzip' },
  { kind: 'close-idle' },
];
