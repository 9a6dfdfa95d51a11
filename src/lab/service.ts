import type { FetchInit, FetchInput, FetchLike } from '../model/options.ts';
import { SERVICE_URL } from './strategy.ts';
import type { World } from './world.ts';

/** An answer: how long it takes, in milliseconds, and what it says. */
export interface Answer {
  readonly latency: number;
  readonly status: number;
}

/** What a service does with one request. `'refused'`: nothing listens. `'silence'`: it gets the request, and never answers. */
export type Reply = Answer | 'refused' | 'silence';

/** A modelled service, reached through a `fetch`. */
export interface Service {
  readonly fetch: FetchLike;
  /** Requests that reached it. */
  readonly sends: number;
}

/** Decides on a request, given how many are in hand, this one included, and its path. */
export type Behaviour = (busy: number, path: string) => Reply;

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
      const { latency, status } = reply;
      this.#busy++;
      this.#world.after(latency, () => {
        this.#busy--;
        resolve(answers[status] ?? new Response(null, { status }));
      });
    });
}

function pathOf(input: FetchInput): string {
  return String(input).slice(SERVICE_URL.length);
}

/** As undici's `fetch` says that nobody listens. */
function refusal(): TypeError {
  const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  return new TypeError('fetch failed', { cause });
}

/** Fails at random, whatever the load. */
export function unreliable(world: World, failure: number, latency: number): Behaviour {
  return () => ({ latency, status: world.noise.next() < failure ? 503 : 200 });
}

/** A service that gets slower with every request that it has in hand. */
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
    return { latency: mean * (1 + SPREAD * (2 * world.noise.next() - 1)), status: 200 };
  };
}
