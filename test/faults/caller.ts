import { callReport, createFetch, type Events, type SteadFetch, type SteadInit } from '../../src/index.ts';
import { makeBody } from './bodies.ts';
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
  const api = createFetch({
    timeout,
    retry: {
      ...retry,
      when: ({ attempt, error, headers }) => void told.push({ attempt, error, asked: asked(headers) }),
    },
    buffer,
    breaker,
    budget,
    dispatcher: wire.dispatcher,
    ...(story.key === 'none' && { idempotency: false }),
  });
  const events = listen(api);
  const written: number[] = [];
  let before = wire.written;
  api.on('attempt', () => {
    written.push(wire.written - before);
    before = wire.written;
  });

  const made = makeBody(story.body, `order=${order}&card=${SECRET}`);
  const controller = new AbortController();
  let abort: Observation['abort'];
  const own = typeof story.signal === 'number' ? controller.signal : undefined;
  const signal = story.signal === 'shared' ? shared : own;
  const init = { ...initOf(story, order), ...made.init, ...(signal && { signal }) };
  const target = `${url}/${order}?token=${SECRET}`;
  const from = performance.now();
  const call = story.body === 'request' ? asRequest(api, target, init) : api(target, init);
  const timer = inTime(story.signal, () => {
    abort = { reason: new Error('the caller has changed its mind'), after: performance.now() - from };
    controller.abort(abort.reason);
  });
  const outcome = await call.then(
    (response) => ({ response, error: undefined }),
    (error: unknown) => ({ response: undefined, error }),
  );
  const settledAfter = performance.now() - from;
  const answer = outcome.response && (await read(outcome.response));
  const endedAfter = performance.now() - from;
  clearTimeout(timer);
  return {
    secret: SECRET,
    made,
    answer,
    error: outcome.error,
    report: callReport(outcome.response ?? outcome.error),
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

function listen(api: SteadFetch): { [Name in keyof Events]: Events[Name][] } {
  const events: { [Name in keyof Events]: Events[Name][] } = {
    attempt: [],
    retry: [],
    settled: [],
    breaker: [],
    budget: [],
  };
  api.on('attempt', (event) => events.attempt.push(event));
  api.on('retry', (event) => events.retry.push(event));
  api.on('settled', (event) => events.settled.push(event));
  api.on('breaker', (event) => events.breaker.push(event));
  api.on('budget', (event) => events.budget.push(event));
  return events;
}

/** The call's members that are not a Request's stay in the init. */
function asRequest(api: SteadFetch, target: string, init: SteadInit): Promise<Response> {
  const { idempotencyKey, ...rest } = init;
  return api(
    new Request(target, rest as RequestInit),
    idempotencyKey === undefined ? {} : { idempotencyKey },
  );
}

function inTime(after: Story['signal'], abort: () => void): NodeJS.Timeout | undefined {
  if (typeof after !== 'number') return undefined;
  if (after > 0) return setTimeout(abort, after);
  abort();
  return undefined;
}

async function read(response: Response): Promise<Answer> {
  const { status } = response;
  try {
    return { status, body: Buffer.from(await response.arrayBuffer()) };
  } catch {
    return { status, body: undefined };
  }
}

function asked(headers: Headers | undefined): number {
  return Number(headers?.get('retry-after-ms') ?? 0);
}
