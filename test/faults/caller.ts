import { callReport, type Events, eventNames, type RetryFailure, type SteadInit } from '../../src/index.ts';
import { makeBody } from './bodies.ts';
import { type Client, clientFor, type Handed } from './door.ts';
import type { EventLoop } from './event-loop.ts';
import type { Answer, Observation, ToldFailure } from './observation.ts';
import type { Story } from './story.ts';
import type { Wire } from './wire.ts';

const SECRET = 's3cr3t-4111111111111111';

/** What all calls have in common. */
export interface Surroundings {
  readonly loop: EventLoop;
  /** A signal that is never aborted. */
  readonly shared: AbortSignal;
}

/** What the client's side knows of a call. */
export type CallersView = Pick<
  Observation,
  | 'secret'
  | 'made'
  | 'answer'
  | 'error'
  | 'report'
  | 'events'
  | 'told'
  | 'written'
  | 'abort'
  | 'settledAfter'
  | 'endedAfter'
  | 'stall'
> & {
  /** The signal that nobody but the call has listened to. */
  readonly signal: AbortSignal | undefined;
};

/** Makes the call as the story says, reads its answer to the end, and notes everything that it is told. */
export async function makeCall(
  story: Story,
  url: string,
  order: string,
  wire: Wire,
  { loop, shared }: Surroundings,
): Promise<CallersView> {
  const told: ToldFailure[] = [];
  const { timeout, retry, buffer, breaker, budget } = story;
  const options = {
    timeout,
    retry: {
      ...retry,
      when: ({ attempt, error, headers }: RetryFailure) =>
        void told.push({ attempt, error, asked: asked(headers) }),
    },
    buffer,
    breaker,
    budget,
    ...(story.key === 'none' && { idempotency: false as const }),
  };
  const client = clientFor(story.door, options, wire.dispatcher);
  const events = listen(client);
  const written: number[] = [];
  let before = wire.written;
  client.on('attempt', () => {
    written.push(wire.written - before);
    before = wire.written;
  });

  const made = makeBody(story.body, `order=${order}&card=${SECRET}`, story.door);
  const controller = new AbortController();
  let abort: Observation['abort'];
  const own = typeof story.signal === 'number' ? controller.signal : undefined;
  const signal = story.signal === 'shared' ? shared : own;
  const init = { ...initOf(story, order), ...made.init, ...(signal && { signal }) };
  const target = `${url}/${order}?token=${SECRET}`;
  const from = performance.now();
  const call = client.send(target, init, story.body);
  const timer = inTime(story.signal, () => {
    abort = { reason: new Error('the caller has changed its mind'), after: performance.now() - from };
    controller.abort(abort.reason);
  });
  const outcome = await call.then(
    (handed) => ({ handed, error: undefined }),
    (error: unknown) => ({ handed: undefined, error }),
  );
  const settledAfter = performance.now() - from;
  const answer = outcome.handed && (await read(outcome.handed));
  const endedAfter = performance.now() - from;
  clearTimeout(timer);
  return {
    secret: SECRET,
    made,
    answer,
    error: outcome.error,
    report: outcome.handed ? outcome.handed.report : callReport(outcome.error),
    events,
    told,
    written,
    abort,
    settledAfter,
    endedAfter,
    stall: loop.longestStall(from),
    // A Request follows its signal for as long as it lives.
    signal: story.body === 'request' ? undefined : own,
  };
}

function initOf({ method, key }: Story, order: string): SteadInit {
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

function inTime(after: Story['signal'], abort: () => void): NodeJS.Timeout | undefined {
  if (typeof after !== 'number') return undefined;
  if (after > 0) return setTimeout(abort, after);
  abort();
  return undefined;
}

async function read({ status, read }: Handed): Promise<Answer> {
  try {
    return { status, body: Buffer.from(await read()) };
  } catch {
    return { status, body: undefined };
  }
}

function asked(headers: Headers | undefined): number {
  return Number(headers?.get('retry-after-ms') ?? 0);
}
