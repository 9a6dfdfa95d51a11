import { callReport, type Events, eventNames, type RetryFailure, type SteadInit } from '../../src/index.ts';
import { makeBody } from './bodies.ts';
import { type Client, clientFor, type ReceivedResponse } from './client.ts';
import type { EventLoopMonitor } from './event-loop-monitor.ts';
import type { FaultCase } from './fault-case.ts';
import type { Observation, ReadResponse, ReportedFailure } from './observation.ts';
import type { Wire } from './wire.ts';

const SECRET = 's3cr3t-4111111111111111';

/** The state that all calls share. */
export interface Environment {
  readonly loop: EventLoopMonitor;
  /** A signal that is never aborted. */
  readonly shared: AbortSignal;
}

/** The client's view of a call. */
export type ClientView = Pick<
  Observation,
  | 'secret'
  | 'made'
  | 'answer'
  | 'error'
  | 'report'
  | 'events'
  | 'reported'
  | 'written'
  | 'abort'
  | 'settledAfter'
  | 'endedAfter'
  | 'stall'
> & {
  /** The signal that only the call has listened to. */
  readonly signal: AbortSignal | undefined;
};

/** Makes the call of a case, reads the response to its end, and records what the client reported meanwhile. */
export async function makeCall(
  faultCase: FaultCase,
  url: string,
  order: string,
  wire: Wire,
  { loop, shared }: Environment,
): Promise<ClientView> {
  const reported: ReportedFailure[] = [];
  const { timeout, retry, buffer, breaker, budget, patience } = faultCase;
  const options = {
    timeout,
    retry: {
      ...retry,
      when: ({ attempt, error, headers }: RetryFailure) =>
        void reported.push({ attempt, error, asked: asked(headers) }),
    },
    buffer,
    breaker,
    budget,
    patience,
    ...(faultCase.key === 'none' && { idempotency: false as const }),
  };
  const client = clientFor(faultCase.entry, options, wire.dispatcher);
  const events = listen(client);
  const written: number[] = [];
  let before = wire.written;
  client.on('attempt', () => {
    written.push(wire.written - before);
    before = wire.written;
  });

  const made = makeBody(faultCase.body, `order=${order}&card=${SECRET}`, faultCase.entry);
  const controller = new AbortController();
  let abort: Observation['abort'];
  const own = typeof faultCase.signal === 'number' ? controller.signal : undefined;
  const signal = faultCase.signal === 'shared' ? shared : own;
  const init = { ...initOf(faultCase, order), ...made.init, ...(signal && { signal }) };
  const target = `${url}/${order}?token=${SECRET}`;
  const from = performance.now();
  const call = client.send(target, init, faultCase.body);
  const timer = inTime(faultCase.signal, () => {
    abort = { reason: new Error('the caller has changed its mind'), after: performance.now() - from };
    controller.abort(abort.reason);
  });
  const outcome = await call.then(
    (received) => ({ received, error: undefined }),
    (error: unknown) => ({ received: undefined, error }),
  );
  const settledAfter = performance.now() - from;
  const answer = outcome.received && (await read(outcome.received));
  const endedAfter = performance.now() - from;
  clearTimeout(timer);
  return {
    secret: SECRET,
    made,
    answer,
    error: outcome.error,
    report: outcome.received ? outcome.received.report : callReport(outcome.error),
    events,
    reported,
    written,
    abort,
    settledAfter,
    endedAfter,
    stall: loop.longestStall(from),
    // A Request's signal follows the caller's only as long as the Request lives.
    signal: faultCase.body === 'request' ? undefined : own,
  };
}

function initOf({ method, key }: FaultCase, order: string): SteadInit {
  const headers = { 'x-order': order, authorization: `Bearer ${SECRET}`, cookie: `session=${SECRET}` };
  if (key === 'own') return { method, headers, idempotencyKey: `key-of-${order}` };
  if (key === 'business') return { method, headers, idempotencyKey: ['charge', order] };
  return { method, headers };
}

function listen(client: Client): { [Name in keyof Events]: Events[Name][] } {
  const events: { [Name in keyof Events]: Events[Name][] } = Object.fromEntries(
    eventNames.map((name) => [name, []]),
  ) as never;
  for (const name of eventNames) client.on(name, (event) => events[name].push(event as never));
  return events;
}

function inTime(after: FaultCase['signal'], abort: () => void): NodeJS.Timeout | undefined {
  if (typeof after !== 'number') return undefined;
  if (after > 0) return setTimeout(abort, after);
  abort();
  return undefined;
}

async function read({ status, read }: ReceivedResponse): Promise<ReadResponse> {
  try {
    return { status, body: Buffer.from(await read()) };
  } catch {
    return { status, body: undefined };
  }
}

function asked(headers: Headers | undefined): number {
  return Number(headers?.get('retry-after-ms') ?? 0);
}
