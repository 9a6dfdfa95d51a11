import type { Options, SteadFetch } from 'steadfetch';
import { BASE } from './bare.ts';
import { InstantDispatcher } from './instant.ts';
import { cockatiel, handWired } from './peers.ts';
import { type Call, initOf, type Row, type Send, TIMEOUT } from './row.ts';
import { STEADFETCH } from './steadfetch.ts';

/** So many calls that no breaker opens, though it counts. */
const NEVER = 1_000_000;

/** Each call fails once with a 503. No pauses, so that only work is measured; nothing cuts the retries off. */
export const oneRetry: readonly Row[] = [
  {
    name: `${BASE}, twice`,
    async make() {
      const { fetch } = await import('undici');
      return flaky(async (call) => {
        for (;;) {
          const init = initOf(call);
          init.signal = AbortSignal.timeout(TIMEOUT);
          const response = await fetch(call.url, init);
          if (response.ok) return response.json();
          await response.arrayBuffer();
        }
      });
    },
  },
  {
    name: STEADFETCH,
    async make() {
      const { createFetch } = await import('steadfetch');
      const api = createFetch({
        retry: { base: 0, cap: 0 },
        breaker: { minimum: NEVER },
        budget: { ratio: 1, reserve: 100 },
      });
      return flaky(async (call) => (await api(call.url, initOf(call))).json());
    },
  },
  {
    name: 'p-retry + opossum + uuid + undici.fetch',
    make: async () => flaky(await handWired({ pause: 0, minimum: NEVER })),
  },
  {
    name: 'cockatiel + undici.fetch',
    make: async () => flaky(await cockatiel({ pause: 0, minimum: NEVER })),
  },
];

let flakyCalls = 0;

/** To a URL that nobody has called. */
function flaky(send: Send): Send {
  return (call) => send({ ...call, url: `${call.url}flaky/${process.pid}-${flakyCalls++}` });
}

/** Nothing is sent: the breaker is open. */
export const openBreaker: readonly Row[] = [
  {
    name: 'p-retry + opossum + uuid + undici.fetch',
    make: async () => rejected(await handWired({ isOpen: true })),
  },
  {
    name: STEADFETCH,
    async make(origin) {
      const { createFetch } = await import('steadfetch');
      const api = createFetch();
      api.breakers.isolate(origin);
      return rejected((call) => api(call.url, initOf(call)));
    },
  },
  {
    name: 'cockatiel + undici.fetch',
    make: async () => rejected(await cockatiel({ isOpen: true })),
  },
];

function rejected(send: Send): Send {
  return (call) =>
    send(call).then(
      () => {
        throw new Error('the breaker was to be open');
      },
      () => ({ ok: true }),
    );
}

const RULES = 1_000;

/** The rows of which the goals speak. */
export const ADDED = {
  listeners: 'steadfetch, a listener on every event',
  urls: 'steadfetch, a URL of its own for each call',
  rules: 'steadfetch, 1,000 endpoint rules, a URL of its own for each call',
};

/** No network: what is added to the work of `fetch` itself. */
export const added: readonly Row[] = [
  {
    name: BASE,
    async make() {
      const { fetch } = await import('undici');
      const dispatcher = new InstantDispatcher();
      return async ({ url }) => {
        const signal = AbortSignal.timeout(TIMEOUT);
        return (await fetch(url, { dispatcher, signal })).json();
      };
    },
  },
  { name: STEADFETCH, make: () => instant({}) },
  {
    name: ADDED.listeners,
    async make() {
      return instant({}, (api) => {
        const heard = new Map<string, unknown>();
        for (const name of ['attempt', 'retry', 'settled', 'breaker', 'budget'] as const) {
          api.on(name, (event) => heard.set(name, event));
        }
      });
    },
  },
  {
    name: ADDED.urls,
    make: () => instant({}, undefined, (call, number) => fresh(call.url, number)),
  },
  {
    name: ADDED.rules,
    make: (origin) =>
      instant({ endpoints: rules(origin) }, undefined, (call, number) => fresh(call.url, number)),
  },
];

/** The calls come round to each rule in turn, each with an id that was not there before. */
function fresh(url: string, number: number): string {
  return `${url}v1/things${number % RULES}/${number}`;
}

function rules(origin: string): NonNullable<Options['endpoints']> {
  return Object.fromEntries(
    Array.from({ length: RULES }, (_, i) => [`GET ${origin}/v1/things${i}/:id`, { retry: { attempts: 5 } }]),
  );
}

async function instant(
  options: Options,
  prepare?: (api: SteadFetch) => void,
  urlOf: (call: Call, number: number) => string = ({ url }) => url,
): Promise<Send> {
  const { createFetch } = await import('steadfetch');
  const api = createFetch({ ...options, dispatcher: new InstantDispatcher() });
  prepare?.(api);
  let calls = 0;
  return async (call) => (await api(urlOf(call, calls++))).json();
}
