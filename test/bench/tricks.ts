/**
 * What each trick gains: the plain way and steadfetch's, in turn, each in a process of its own.
 *
 *     npm run bench:tricks
 */
import { execFileSync } from 'node:child_process';
import CircuitBreaker from 'opossum';
import pRetry from 'p-retry';
import { type Dispatcher, fetch as undiciFetch } from 'undici';
import { v4 as uuid } from 'uuid';
import { isBytes } from '../../src/body/bytes.ts';
import { callId } from '../../src/call/call-id.ts';
import { Emitter } from '../../src/call/emitter.ts';
import { FailureWindow } from '../../src/guard/failure-window.ts';
import { plainUrl } from '../../src/http/call-url.ts';
import { systemRuntime } from '../../src/platform/runtime.ts';
import { compileEndpoints } from '../../src/policy/endpoints.ts';
import { parseEndpoint } from '../../src/policy/pattern.ts';
import type { AttemptRequest } from '../../src/transport/exchange.ts';
import { CallContext, RECORD } from '../../src/transport/record-place.ts';
import { undiciTransport } from '../../src/transport/undici/undici.ts';
import { ownOptions } from '../../src/undici/own-options.ts';
import { InstantDispatcher } from './instant.ts';
import { median } from './statistics.ts';

/** Does something once. `at` counts up, so that nothing is the same twice. */
type Step = (at: number) => unknown;

type Way = 'plain' | 'ours';

interface Trick {
  readonly name: string;
  readonly plain: Step;
  readonly ours: Step;
  /** How often a round does it, if it is not `STEPS`. */
  readonly steps?: number;
}

const STEPS = 20_000;
const ROUNDS = 5;

const initOf = (at: number) => ({ method: 'POST', headers: { 'x-a': String(at) }, extra: at });

const rules = Array.from({ length: 1_000 }, (_, n) => ({
  ...parseEndpoint(`https://api.example/v1/things${n}/:id`),
}));
const indexed = compileEndpoints(rules);
const tested = compileEndpoints(rules.map((rule) => ({ ...rule, rest: 'more' as const })));
const urlOf = (at: number) => new URL(`https://api.example/v1/things${at % 1_000}/${at}`);

const failed = new Error('failed');
const asked = new CircuitBreaker(() => Promise.reject(failed), {
  timeout: false,
  volumeThreshold: 1_000_000,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
});
const counted = new FailureWindow({ threshold: 0.8, minimum: 1_000_000, window: 10_000 }, 0);

const instant = new InstantDispatcher();
const transport = undiciTransport()(instant);
const url = new URL('https://api.example/v1/charges');
const post = { method: 'POST', headers: { 'content-type': 'application/json' } };
const text = 'x'.repeat(1_024);
const order: Omit<AttemptRequest, 'body'> = {
  url,
  init: post,
  headers: post.headers,
  caller: undefined,
  limits: undefined,
  buffer: 0,
  runtime: systemRuntime,
  now: 0,
  closes: false,
  isRetried: false,
  record: { remember() {}, bodyEnded() {} },
};
const emitter = new Emitter();

/** As many as are under way at a time. */
const underWay: unknown[] = new Array(16);
const records = new WeakMap<object, object>();
const byteLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')?.get;

/** As undici's `request` makes them of its caller's. */
const requestOptions = (at: number) => ({
  ...{ method: 'POST', headers: {}, body: text, dispatcher: instant },
  origin: 'https://api.example',
  path: `/v1/things/${at}`,
});

const CALL = { id: 'a', method: 'GET', url: 'https://api.example/', endpoint: undefined, scope: 'a' };

/** Reads some members. */
function read(options: Partial<ReturnType<typeof ownOptions>>): unknown[] {
  const { origin, path, method, headers, body, upgrade, headersTimeout, bodyTimeout, policy } = options;
  return [origin, path, method, headers, body, upgrade, headersTimeout, bodyTimeout, policy];
}

const tricks: readonly Trick[] = [
  {
    name: 'a POST of 1 KiB, answered at once, with a body that goes past fetch, not through it',
    steps: 3_000,
    plain: async () => (await undiciFetch(url, { ...post, body: text, dispatcher: instant })).json(),
    ours: async () => (await transport().send({ ...order, body: text })).json(),
  },
  {
    name: 'Object.assign({}, headers, { … }), not { ...headers, … }',
    plain: (at) => ({ ...initOf(at), added: at }),
    ours: (at) => Object.assign({}, initOf(at), { added: at }),
  },
  {
    name: 'an init with { dispatcher: …, ...init }, not { ...init, dispatcher: … }',
    plain: (at) => ({ ...initOf(at), headers: at, body: at, signal: at, dispatcher: at }),
    ours: (at) => {
      const sent: Record<string, unknown> = {
        dispatcher: at,
        signal: at,
        body: at,
        ...initOf(at),
      };
      sent.headers = at;
      return sent;
    },
  },
  {
    name: "undici's options, copied before they are read, not read as they are",
    plain: (at) => read(requestOptions(at) as unknown as ReturnType<typeof ownOptions>),
    ours: (at) => read(ownOptions(requestOptions(at) as unknown as Dispatcher.DispatchOptions)),
  },
  {
    name: 'the id of a call counted, not drawn',
    plain: () => uuid(),
    ours: () => callId(),
  },
  {
    name: 'the report of an attempt as a literal, not joined from its parts',
    plain: (at) =>
      Object.freeze(
        Object.assign({ number: 1, startedAt: at }, at >= 0 && { status: 200 }, { reason: 'success' }),
      ),
    ours: (at) => Object.freeze({ number: 1, startedAt: at, status: 200, reason: 'success' }),
  },
  {
    name: 'an event as a literal, not spread from its call',
    plain: (at) => ({ ...CALL, number: at, at: 1, waited: 0 }),
    ours: (at) => {
      const { id, method, url, endpoint, scope } = CALL;
      return { id, method, url, endpoint, scope, number: at, at: 1, waited: 0 };
    },
  },
  {
    name: 'a URL cut, not parsed',
    plain: (at) => new URL(`https://api.example/v1/things/${at}`).origin,
    ours: (at) => plainUrl(`https://api.example/v1/things/${at}`)?.origin,
  },
  {
    name: 'the first attempt before p-retry, not in it',
    plain: (at) => pRetry(async () => at, { retries: 3, minTimeout: 0, maxTimeout: 0 }),
    ours: async (at) => at,
  },
  {
    name: "a failure that can't open the breaker told to opossum, not put to it",
    plain: () => asked.fire().catch(() => false),
    ours: () => counted.failure(0),
  },
  {
    name: 'the record of a call in a place of its response, not in a weak map',
    plain: (at) => {
      const response = new CallContext();
      if (records.get(response) === undefined) records.set(response, { at });
      underWay[at % 16] = response;
    },
    ours: (at) => {
      const response = new CallContext();
      response[RECORD] ??= { at };
      underWay[at % 16] = response;
    },
  },
  {
    name: 'asked four times, as for a call that goes well, whether anybody listens; plain: not asked',
    plain: () => false,
    ours: () =>
      emitter.has('attempt-start') || emitter.has('attempt') || emitter.has('settled') || emitter.has('body'),
  },
  {
    name: 'that a text is no bytes by its tag, not by the error of a getter',
    plain: () => {
      try {
        return byteLength?.call(text);
      } catch {
        return undefined;
      }
    },
    ours: () => isBytes(text),
  },
  {
    name: 'a rule among 1,000 by the index alone, not by URLPattern, for a new URL',
    plain: (at) => tested('GET', urlOf(at)),
    ours: (at) => indexed('GET', urlOf(at)),
  },
];

/** Microseconds of CPU per step. */
async function time(step: Step, from: number, steps: number): Promise<number> {
  const before = process.cpuUsage();
  for (let at = from; at < from + steps; at++) {
    const result = step(at);
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / steps;
}

/** In a process of its own, so that neither way runs on the other's garbage. */
function timeAlone(trick: number, way: Way): number {
  const [script = ''] = process.argv.slice(1);
  return Number(execFileSync(process.execPath, [...process.execArgv, script, String(trick), way]));
}

const [trick, way = 'plain'] = process.argv.slice(2);
if (trick === undefined) {
  console.log(`Node ${process.versions.node}; µs of CPU, medians of ${ROUNDS} rounds in turn\n`);
  console.log('  plain    ours');
  for (const [index, { name }] of tricks.entries()) {
    const times: Record<Way, number[]> = { plain: [], ours: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of ['plain', 'ours'] as const) times[one].push(timeAlone(index, one));
    }
    const shown = [times.plain, times.ours].map((list) => median(list).toFixed(2).padStart(7));
    console.log(`${shown.join(' ')}  ${name}`);
  }
} else {
  const { [way as Way]: step, steps = STEPS } = tricks[Number(trick)] as Trick;
  await time(step, 0, steps);
  console.log(await time(step, steps, 4 * steps));
}
