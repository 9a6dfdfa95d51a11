import type { FetchInit, FetchInput, FetchLike } from '../model/options.ts';
import { SERVICE_URL } from './strategy.ts';
import type { World } from './world.ts';

/** A response: its latency in milliseconds, its status, and its headers if there are any. */
export interface Answer {
  readonly latency: number;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The reaction to a request. `'refused'`: nothing listens. `'silence'`: the service gets the request and never responds. */
export type Reply = Answer | 'refused' | 'silence';

/** A modelled service, reached through a `fetch`. */
export interface Service {
  readonly fetch: FetchLike;
  /** Requests that reached the service. */
  readonly sends: number;
}

/** Decides on a request by its path and the number of requests in progress, this one included. */
export type Behaviour = (busy: number, path: string) => Reply;

/**
 * A response without a body has no state, so one object per status is enough. To make millions would be most of a storm's cost.
 */
const answers: Partial<Record<number, Response>> = {
  200: new Response(null, { status: 200 }),
  503: new Response(null, { status: 503 }),
};

/** Continues to work on requests whose client has given up, which is how an overload feeds itself. */
export class ModelledService implements Service {
  sends = 0;
  #busy = 0;
  readonly #world: World;
  readonly #behaviour: Behaviour;
  readonly #onSend: () => void;

  constructor(world: World, behaviour: Behaviour, onSend: () => void = () => {}) {
    this.#world = world;
    this.#behaviour = behaviour;
    this.#onSend = onSend;
  }

  readonly fetch = (input: FetchInput, init?: FetchInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const signal = init?.signal;
      if (signal?.aborted) return reject(signal.reason);
      const reply = this.#behaviour(this.#busy + 1, pathOf(input));
      if (reply === 'refused') {
        this.#world.after(1, () => reject(refusal()));
        return;
      }
      this.sends++;
      this.#onSend();
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (reply === 'silence') return;
      const { latency, status, headers } = reply;
      this.#busy++;
      this.#world.after(latency, () => {
        this.#busy--;
        const plain = headers === undefined ? answers[status] : undefined;
        resolve(plain ?? new Response(null, { status, ...(headers && { headers }) }));
      });
    });
}

function pathOf(input: FetchInput): string {
  return String(input).slice(SERVICE_URL.length);
}

/** The error of undici's `fetch` when nothing listens. */
function refusal(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  return new TypeError('fetch failed', { cause });
}

/** Fails at random, independently of the load. */
export function unreliable(world: World, failure: number, latency: number): Behaviour {
  return () => ({ latency, status: world.noise.next() < failure ? 503 : 200 });
}

/** A service that becomes slower with each request in progress. */
export interface QueueOptions {
  /** Milliseconds without load. */
  readonly latency: number;
  /** Requests per second that the service can do: each request in progress delays the others by a share of a second. */
  readonly capacity: number;
}

/** The latency of a request is random, within this share of the mean on each side, uniformly distributed. */
const SPREAD = 0.45;

/** Never fails, but becomes slower with each request in progress. */
export function queueing(world: World, { latency, capacity }: QueueOptions): Behaviour {
  return (busy) => {
    const mean = latency + (busy * 1_000) / capacity;
    return { latency: mean * (1 + SPREAD * (2 * world.noise.next() - 1)), status: 200 };
  };
}
