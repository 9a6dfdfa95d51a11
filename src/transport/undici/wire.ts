import { isAsyncIterable, isNodeStream } from '../../body/recognise.ts';
import type { TimeoutError } from '../../model/errors.ts';
import { BodyProgress } from '../body-progress.ts';
import { AttemptClock, type Timed } from '../clock.ts';
import type { AbortSource, AbortTarget, AttemptRequest, Exchange, Fault, ResponseHead } from '../exchange.ts';
import { answerIn } from './answer-in-error.ts';
import { CallerAbort } from './caller-abort.ts';
import { Gate, type GateListener } from './gate.ts';
import type { RawHeaders } from './handlers.ts';
import { LateStart } from './late-start.ts';
import { watched, watchedStream } from './upload.ts';

/** Whether the request itself asks that its connection be closed, because its answer will be read to the end. */
export function closesAfter({ closes, buffer }: AttemptRequest): boolean {
  return closes && buffer > 0;
}

/** How the request of an attempt gets to a dispatcher, and what becomes of its response. */
export interface Carrier<A extends ResponseHead> {
  /** Dispatches the request, with `open`, or hands it to another carrier. If this throws, the attempt failed. */
  send(exchange: WireExchange<A>, request: AttemptRequest): void;
  /** The response may be released. */
  ready(exchange: WireExchange<A>, gate: Gate): void;
  /** One header of an answer, its values joined. */
  header(answer: A, name: string): string | null;
  /** The answer is the call's. */
  handedOver?(answer: A): void;
  /** Lets go of a response that will not be read. */
  discard(answer: A): void;
  /** A request is about to be written. */
  started?(gate: Gate, context: unknown): void;
  interim?(status: number, headers: RawHeaders, text: string | undefined): void;
  bodySent?(chunk: Uint8Array): void;
  requestSent?(): void;
  responseStarted?(): void;
  /** There will be no response. By default the attempt fails with that error. */
  lost?(exchange: WireExchange<A>, error: Error): void;
}

/**
 * One attempt through an undici dispatcher. It hears of each request's start, response, body and end. That makes timeouts
 * cheap (no AbortSignal) and delivery a fact.
 */
export class WireExchange<A extends ResponseHead> implements Exchange<A>, GateListener, Timed {
  sent = false;
  sentAt: number | undefined;
  status: number | undefined;
  fault: Fault | undefined;
  answer: Exchange['answer'];
  #carrier: Carrier<A> | undefined;
  #gate: Gate | undefined;
  #buffer = 0;
  #closes = false;
  #limit = 0;
  #lateStart: LateStart | undefined;
  /** Of the request, while it was sent. */
  #bodyBroke = false;
  readonly #body = new BodyProgress();
  #caller: AbortSource | undefined;
  #clock: AttemptClock | undefined;
  #record: AttemptRequest['record'] | undefined;
  #over: Error | undefined;
  #runtime: AttemptRequest['runtime'] | undefined;
  #resolve: ((answer: A) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  constructor(carrier: Carrier<A>) {
    this.#carrier = carrier;
  }

  send(request: AttemptRequest): Promise<A> {
    const { caller, limits, runtime, now, buffer, record } = request;
    this.#buffer = buffer;
    // An answer that is buffered has come to its end before it is judged: see `closesAfter`.
    this.#closes = request.closes && buffer === 0;
    this.#record = record;
    this.#runtime = runtime;
    this.#limit = limits?.attempt ?? 0;
    this.#clock = limits && new AttemptClock(limits, runtime, this, now);
    this.#caller = caller;
    caller?.listen?.(this);
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      try {
        this.#carrier?.send(this, request);
      } catch (error) {
        this.reject(error);
      }
    });
  }

  header(answer: A | undefined, name: string): string | null {
    if (answer === undefined) return this.answer?.headers.get(name) ?? null;
    return this.#carrier?.header(answer, name) ?? null;
  }

  handedOver(answer: A): void {
    this.#gate?.keep();
    this.#carrier?.handedOver?.(answer);
    this.#body.handedOver(this.#record);
  }

  cancel(): void {
    this.#body.endsBy('cancelled');
    this.end(new Error('another attempt was answered first'));
  }

  discard(answer: A): void {
    this.#clock?.stop();
    this.#carrier?.discard(answer);
  }

  // What its carrier says.

  /**
   * A request is about to be dispatched: the attempt's first, or one after a redirect.
   * @param keepsConnection whatever the attempt asks for
   */
  open(method: string, keepsConnection = false): Gate {
    this.#throwIfOver();
    this.#gate?.drop();
    this.#gate = new Gate(this, method, this.#buffer, this.#closes && !keepsConnection);
    this.status = undefined;
    this.#clock?.waiting();
    return this.#gate;
  }

  /** The first request counts, not one after a redirect. */
  beginsAnew(due: number, late: number): boolean {
    this.#lateStart ??= new LateStart(this.#limit);
    return this.#lateStart.isGranted(due, late, this.sentAt);
  }

  /** Another carrier goes on with the attempt. */
  handOver(carrier: Carrier<A>): void {
    this.#carrier = carrier;
  }

  /** Whether our clocks rule: undici's own (300 s) would cut a call to which the user gave more, or all the time. */
  get isTimed(): boolean {
    return this.#clock !== undefined;
  }

  /** The response goes to the caller. */
  protected released(): void {
    this.#clock?.released();
  }

  /** The same body. If it comes piece by piece and breaks off, that is no fault of the network's. */
  watched(body: unknown): unknown {
    if (typeof body !== 'object' || body === null) return body;
    const failed = () => {
      this.#bodyBroke = true;
    };
    if (isNodeStream(body)) return watchedStream(body, failed);
    return isAsyncIterable(body) ? watched(body, failed) : body;
  }

  /** @param body what an abort by the caller still ends; it is held no longer than by its other holders */
  resolve(answer: A, body?: AbortTarget): void {
    if (body !== undefined) this.#caller?.keep?.(body);
    this.#clock?.released();
    this.#record?.remember(answer);
    this.#resolve?.(answer);
    this.#settled();
  }

  reject(reason: unknown): void {
    if (this.#reject === undefined) return;
    this.#clock?.stop();
    this.#reject(reason);
    this.#settled();
  }

  /** The carrier does not go on with the request. */
  refuse(reason: unknown): void {
    this.#gate?.drop();
    this.reject(reason);
  }

  /** Ends the attempt, wherever it is. */
  end(reason: Error): void {
    this.#over = reason;
    this.reject(reason);
    // Not begun yet: nothing can be cut, but `started` will refuse to begin.
    this.#gate?.cut(reason);
  }

  // What its clock, the caller, and the gate say.

  get paused(): boolean {
    return this.#gate?.paused ?? false;
  }

  expired(error: TimeoutError): void {
    if (error.phase !== 'attempt') this.#body.endsBy(error.phase);
    this.end(error);
  }

  aborted(reason: unknown): void {
    this.#body.endsBy('cancelled');
    this.#over = new CallerAbort(reason);
    this.reject(reason);
    this.#gate?.end(this.#over);
  }

  started(gate: Gate, context: unknown): void {
    this.#throwIfOver();
    this.sent = true;
    this.sentAt ??= this.#now();
    this.#carrier?.started?.(gate, context);
  }

  interim(status: number, headers: RawHeaders, text: string | undefined): void {
    this.#carrier?.interim?.(status, headers, text);
  }

  answered(status: number): void {
    this.status = status;
    const now = this.#now();
    this.#body.begin(now);
    this.#clock?.answered(now);
  }

  chunk(bytes: number): void {
    this.#body.bytes += bytes;
    this.#clock?.chunk();
  }

  ended(): void {
    this.#clock?.stop();
    this.#body.ended('ended', this.#now());
    this.#letGo();
  }

  /** Whatever throws while the response is handed over ends the attempt: its clock may have stopped already. */
  ready(gate: Gate): void {
    try {
      this.#carrier?.ready(this, gate);
    } catch (error) {
      this.refuse(error);
    }
  }

  failed(fault: Fault | undefined): void {
    this.#clock?.stop();
    this.fault = this.#bodyBroke ? 'body' : (fault ?? this.fault);
    this.#body.ended(fault === 'network' ? 'network' : 'cancelled', this.#now());
    this.#letGo();
  }

  lost(error: Error): void {
    this.answer = answerIn(error);
    this.status ??= this.answer?.status;
    if (this.#carrier?.lost === undefined) this.reject(error);
    else this.#carrier.lost(this, error);
  }

  bodySent(chunk: Uint8Array): void {
    this.#carrier?.bodySent?.(chunk);
  }

  requestSent(): void {
    this.#carrier?.requestSent?.();
  }

  responseStarted(): void {
    this.#carrier?.responseStarted?.();
  }

  broke(error: Error): void {
    this.#record?.remember(error);
  }

  #settled(): void {
    this.#caller?.unlisten?.(this);
    // They lead to the promise, and that one to the response.
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#letGo();
  }

  /** Once all is over. Who holds a response holds this too, and should hold nothing else by it. */
  #letGo(): void {
    if (!this.#gate?.isOver || this.#reject !== undefined) return;
    this.#gate = undefined;
    this.#clock = undefined;
    this.#caller = undefined;
  }

  #now(): number {
    return this.#runtime?.now() ?? 0;
  }

  #throwIfOver(): void {
    if (this.#over) throw this.#over;
    if (this.#caller?.aborted) throw new Error('the caller has aborted the call');
  }
}
