import type { FetchInit, FetchInput, FetchLike } from '../model/options.ts';
import type { World } from './world.ts';

/** What a service does with one request: how long it takes, and what it answers. */
export interface Reply {
  /** Milliseconds. */
  readonly latency: number;
  readonly status: number;
}

/** A modelled service, reached through a `fetch`. */
export interface Service {
  readonly fetch: FetchLike;
  /** Requests that reached it. */
  readonly sends: number;
}

/** Decides on a request, given how many are in hand, this one included. */
export type Behaviour = (busy: number) => Reply;

/** An answer without a body has no state, so one of each will do: making millions is most of what a storm costs. */
const answers: Partial<Record<number, Response>> = {
  200: new Response(null, { status: 200 }),
  503: new Response(null, { status: 503 }),
};

/** Goes on working on requests whose client has given up: that is how an overload feeds itself. */
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

  readonly fetch = (_input: FetchInput, init?: FetchInit): Promise<Response> =>
    new Promise((resolve, reject) => {
      const signal = init?.signal;
      if (signal?.aborted) return reject(signal.reason);
      this.sends++;
      this.#onSend();
      const { latency, status } = this.#behaviour(++this.#busy);
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#world.after(latency, () => {
        this.#busy--;
        resolve(answers[status] ?? new Response(null, { status }));
      });
    });
}

/** Fails at random, whatever the load. */
export function unreliable(world: World, failure: number, latency: number): Behaviour {
  return () => ({ latency, status: world.weather.next() < failure ? 503 : 200 });
}

export interface QueueOptions {
  /** Milliseconds without load. */
  readonly latency: number;
  /** Requests per second that it can work off: each request in hand makes the others wait a share of a second. */
  readonly capacity: number;
}

/** No two requests are equal: a request's latency is off by up to this share, evenly. */
const SPREAD = 0.45;

/** Never fails, but slows down with what it has in hand. */
export function queueing(world: World, { latency, capacity }: QueueOptions): Behaviour {
  return (busy) => {
    const mean = latency + (busy * 1_000) / capacity;
    return { latency: mean * (1 + SPREAD * (2 * world.weather.next() - 1)), status: 200 };
  };
}
