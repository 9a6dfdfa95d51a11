import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AttemptRecord } from '../../src/call/attempt-record.ts';
import { CallRecord } from '../../src/call/record.ts';
import { Admission } from '../../src/guard/admission.ts';
import { createFetch } from '../../src/index.ts';
import { AttemptClock } from '../../src/transport/clock.ts';
import { Direct } from '../../src/transport/undici/direct.ts';
import { ThroughFetch } from '../../src/transport/undici/through-fetch.ts';
import { WireExchange } from '../../src/transport/undici/wire.ts';
import { DispatchCarrier } from '../../src/undici/dispatch-carrier.ts';
import { resilience } from '../../src/undici/index.ts';
import { listen } from '../support/listen.ts';

// A call always ends, whatever throws on its way, even by a mistake of steadfetch. Each step is made to throw once.

const server = createServer(
  (incoming, response) => void incoming.resume().on('end', () => response.end('ok')),
);
let url = '';
const agent = new Agent();
beforeAll(async () => {
  url = await listen(server);
});
afterAll(async () => {
  await agent.destroy();
  server.closeAllConnections();
  server.close();
});

const rules = { timeout: { attempt: 200, total: 400 }, retry: { base: 1, cap: 1 }, patience: 0 };
const calls: Record<string, () => Promise<unknown>> = {
  'a plain call': () =>
    createFetch(rules)(url, { method: 'PUT', body: 'x', signal: new AbortController().signal }),
  'a call through fetch’s own code': () => createFetch(rules)(url, { headers: { 'if-none-match': '"a"' } }),
  'a call through the interceptor': () => request(url, { dispatcher: agent.compose(resilience(rules)) }),
};

const steps: { readonly prototype: object; readonly name: string }[] = [
  ...[
    AttemptRecord,
    CallRecord,
    Admission,
    AttemptClock,
    Direct,
    ThroughFetch,
    WireExchange,
    DispatchCarrier,
  ],
];

/** Makes the first call of a method throw. */
function sabotage(prototype: object, name: string): () => void {
  const whole = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  let isDone = false;
  Object.defineProperty(prototype, name, {
    ...whole,
    value(this: unknown, ...given: unknown[]) {
      const isFirst = !isDone;
      isDone = true;
      if (isFirst) throw new Error(`a mistake in ${name}`);
      return Reflect.apply(whole.value, this, given);
    },
  });
  return () => void Object.defineProperty(prototype, name, whole);
}

const methodsOf = (prototype: object) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor')
    .map(([name]) => name);

/** The methods that catch such errors, which must not throw themselves. */
const isNet = (Class: { readonly name: string }, method: string) =>
  Class.name === 'WireExchange' && (method === 'ready' || method === 'reject');

describe.each(Object.entries(calls))('%s has an end,', (_name, call) => {
  test.each(steps.map((step) => [step.name, step] as const))('whatever throws in %s', async (_step, step) => {
    const pending: string[] = [];
    for (const method of methodsOf(step.prototype)) {
      if (isNet(step, method)) continue;
      const restore = sabotage(step.prototype, method);
      let timer: NodeJS.Timeout | undefined;
      const end = new Promise((resolve) => {
        timer = setTimeout(resolve, 3_000, 'pending');
      });
      const ended = call().then(
        () => 'answered',
        () => 'rejected',
      );
      if ((await Promise.race([ended, end])) === 'pending') pending.push(method);
      clearTimeout(timer);
      restore();
    }
    expect(pending).toEqual([]);
  });
});
