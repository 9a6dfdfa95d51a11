import type { Options } from 'steadfetch';
import type { Dispatcher } from 'undici';
import { BASE } from './bare.ts';
import { InstantDispatcher } from './instant.ts';
import { requestThrough } from './interceptor.ts';
import { cockatiel, handWired } from './peers.ts';
import { initOf, type Row, type Send, TIMEOUT } from './row.ts';
import { STEADFETCH } from './steadfetch.ts';

/** A minimum so high that no breaker opens, although it counts. */
const NEVER = 1_000_000;

/** The door with nothing on, once for each of the attempts: what a retry can't cost less than. */
export const BARE_TWICE = 'steadfetch with everything off, twice';

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
    name: BARE_TWICE,
    async make() {
      const { createFetch } = await import('steadfetch');
      const api = createFetch({
        timeout: false,
        retry: false,
        idempotency: false,
        breaker: false,
        budget: false,
      });
      return flaky(async (call) => {
        for (;;) {
          const response = await api(call.url, initOf(call));
          if (response.ok) return response.json();
          await response.arrayBuffer();
        }
      });
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

/** Calls a new URL each time. */
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
  base: 'undici.request',
  plain: 'resilience()',
  listeners: 'resilience(), a listener on every event',
  asked: 'resilience(), what a call asks when nobody listens, 100 times more',
  sdk: 'resilience(), the same spans and durations by OpenTelemetry’s SDK alone',
  telemetry: 'resilience(), OpenTelemetry spans and metrics',
  urls: 'resilience(), a URL of its own for each call',
  rules: 'resilience(), 1,000 endpoint rules, a URL of its own for each call',
};

/**
 * No network, and no `fetch`: that one's own work swings by more than what is looked for here. What a rule or a listener
 * adds is the same behind both doors; except that for rules the whole URL is made here, which `fetch` needs anyway.
 */
export const added: readonly Row[] = [
  { name: ADDED.base, make: () => instant((dispatcher) => dispatcher) },
  {
    name: ADDED.plain,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      return instant((dispatcher) => dispatcher.compose(resilience()));
    },
  },
  {
    name: ADDED.asked,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      const { askedOften } = await import('./telemetry.ts');
      return askedOften(await instant((dispatcher) => dispatcher.compose(resilience())));
    },
  },
  {
    name: ADDED.listeners,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      const { eventNames } = await import('steadfetch');
      const guard = resilience();
      const heard = new Map<string, unknown>();
      for (const name of eventNames) {
        guard.on(name, (event) => heard.set(name, event));
      }
      return instant((dispatcher) => dispatcher.compose(guard));
    },
  },
  {
    name: ADDED.telemetry,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      const { instrument } = await import('steadfetch/opentelemetry');
      const { sdk } = await import('./telemetry.ts');
      const guard = resilience();
      instrument(guard, sdk());
      return instant((dispatcher) => dispatcher.compose(guard));
    },
  },
  {
    name: ADDED.sdk,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      const { bySdkAlone } = await import('./telemetry.ts');
      return bySdkAlone(await instant((dispatcher) => dispatcher.compose(resilience())));
    },
  },
  {
    name: ADDED.urls,
    async make() {
      const { resilience } = await import('steadfetch/undici');
      return fresh(await instant((dispatcher) => dispatcher.compose(resilience())));
    },
  },
  {
    name: ADDED.rules,
    async make(origin) {
      const { resilience } = await import('steadfetch/undici');
      const guard = resilience({ endpoints: rules(origin) });
      return fresh(await instant((dispatcher) => dispatcher.compose(guard)));
    },
  },
];

/** The calls come round to each rule in turn, each with an id that was not there before. */
function fresh(send: Send): Send {
  let calls = 0;
  return (call) => {
    calls += 1;
    return send({ ...call, url: `${call.url}v1/things${calls % RULES}/${calls}` });
  };
}

function rules(origin: string): NonNullable<Options['endpoints']> {
  return Object.fromEntries(
    Array.from({ length: RULES }, (_, i) => [`GET ${origin}/v1/things${i}/:id`, { retry: { attempts: 5 } }]),
  );
}

async function instant(through: (dispatcher: Dispatcher) => Dispatcher): Promise<Send> {
  return requestThrough(through(new InstantDispatcher()));
}
