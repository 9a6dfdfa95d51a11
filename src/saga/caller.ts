import type { Clock } from 'pg-boss';
import { v5 } from 'uuid';
import { callReport } from '../call/report.ts';
import type { SteadFetch } from '../model/client.ts';
import type { Delivery } from '../model/failure.ts';
import { failureOf } from '../outbox/preparing.ts';
import { judge } from '../outbox/verdict.ts';
import { isAboutKey } from './about-key.ts';
import { StepPendingError, StepRefusedError } from './errors.ts';
import type { Refusals } from './refusals.ts';
import type { StepInit } from './saga.ts';

/** The scope of the keys that sagas make. Never change it: calls under way would be made a second time. */
const NAMESPACE = '5f1c8d7e-0b0a-4d38-8f55-2a4d3a2f7c11';

/** Which step of which saga, and which way. */
export interface StepId {
  /** The name of the saga. */
  readonly saga: string;
  /** The id of this run of it. */
  readonly id: string;
  /** The name of the step. */
  readonly step: string;
  /** Forward (`'run'`) or back (`'undo'`). */
  readonly direction: 'run' | 'undo';
}

/** Adds what must not be stored anywhere, such as `authorization`, to a call's headers. */
export type PrepareStep = (request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly step: StepId;
}) => unknown;

/** What calls are made with. */
export interface Sender {
  readonly fetch: SteadFetch;
  readonly base?: string;
  readonly prepare?: PrepareStep;
}

/** The calls of one run of one step. */
export class Caller {
  readonly #fetch: SteadFetch;
  readonly #step: StepId;
  readonly #base: string | undefined;
  readonly #prepare: PrepareStep | undefined;
  readonly #refusals: Pick<Refusals, 'count'>;
  readonly #clock: Clock;
  readonly #underWay = new Set<Promise<Response>>();
  #calls = 0;
  /** What is known of the calls that were not refused: whether any of them may have done something. */
  delivery: Delivery = 'not-sent';
  /** Which of them were refused. */
  readonly refused = new Set<number>();

  constructor(
    { fetch, base, prepare }: Sender,
    step: StepId,
    refusals: Pick<Refusals, 'count'>,
    clock: Clock,
  ) {
    this.#clock = clock;
    this.#fetch = fetch;
    this.#base = base;
    this.#prepare = prepare;
    this.#step = step;
    this.#refusals = refusals;
  }

  readonly call = (input: string | URL, init: StepInit = {}): Promise<Response> => {
    // Counted before anything is waited for: calls that a step makes side by side have keys of their own, too.
    this.#calls += 1;
    const calling = this.#send(this.#calls, input, init).finally(() => this.#underWay.delete(calling));
    this.#underWay.add(calling);
    // Of calls that a step began side by side, one may fail before the step comes to wait for it.
    calling.catch(() => {});
    return calling;
  };

  get isUsed(): boolean {
    return this.#calls > 0;
  }

  /**
   * When every call has its end, those included that the step did not wait for: nothing is decided before.
   * @returns the end of such a call, if it was not done: refused, or without an answer
   */
  async settled(): Promise<PromiseRejectedResult | undefined> {
    const ends = await Promise.allSettled(this.#underWay);
    const failed = ends.filter((end) => end.status === 'rejected');
    return failed.find(({ reason }) => reason instanceof StepRefusedError) ?? failed[0];
  }

  async #send(call: number, input: string | URL, init: StepInit): Promise<Response> {
    if (typeof input !== 'string' && !(input instanceof URL))
      throw new TypeError(
        `call takes a URL and an init, got ${Object.prototype.toString.call(input).slice(8, -1)}`,
      );
    if (Reflect.get(init, 'idempotencyKey') !== undefined) {
      throw new TypeError('idempotencyKey must be left out: a saga makes it of saga, id, step and direction');
    }
    const url = new URL(input, this.#base).href;
    const { method = 'GET', ...rest } = init;
    const headers = new Headers(init.headers);
    const prepare = this.#prepare;
    if (prepare !== undefined) {
      const work = async () => prepare({ method, url, headers, step: this.#step });
      const failed = await failureOf(work, this.#clock);
      if (failed !== undefined) throw failed.error;
    }
    const idempotencyKey = await this.#key(call);
    const sent = await this.#fetch(url, { ...rest, method, headers, idempotencyKey }).then(
      (response) => ({ response, report: callReport(response) }),
      (error: unknown) => ({ error, report: callReport(error) }),
    );
    const verdict = judge(sent, this.#clock.now());
    const response = 'response' in sent ? sent.response : undefined;
    const delivery = sent.report?.delivery ?? 'not-sent';
    if (verdict.over === 'refused' && response !== undefined) {
      // It refuses this request, and knows another one: of an earlier run, whose code or data was not the same.
      if (await isAboutKey(response)) this.delivery = delivery;
      this.refused.add(call);
      throw new StepRefusedError(`${this.#step.step} was refused with ${response.status}`, response);
    }
    if (delivery !== 'not-sent') this.delivery = delivery;
    if (verdict.over === 'done' && response !== undefined) return response;
    await response?.body?.cancel().catch(() => {});
    const wait = verdict.over === false ? verdict.wait : 0;
    const cause = 'error' in sent ? sent.error : undefined;
    const why = cause instanceof Error ? cause.name : `${response?.status}`;
    throw new StepPendingError(
      `${this.#step.step} has no answer yet (${why})`,
      wait,
      response?.status,
      cause,
    );
  }

  /**
   * The same for the same call of the step, whenever and wherever the step runs. After a refusal it is another one: services keep their
   * refusals as they keep their answers, and would say the same again for as long as they remember the key.
   */
  async #key(call: number): Promise<string> {
    const { saga, id, step, direction } = this.#step;
    const refusals = await this.#refusals.count(call);
    const parts = [saga, id, step, direction, call, ...(refusals > 0 ? [refusals] : [])];
    return v5(JSON.stringify(parts), NAMESPACE);
  }
}
