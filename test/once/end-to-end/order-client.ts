import { setTimeout as sleep } from 'node:timers/promises';
import { type CallReport, callReport, type SteadFetch } from '../../../src/index.ts';

/** The knowledge of one order's caller in the end. */
export interface OrderOutcome {
  readonly order: string;
  /** The reports of the caller's logical calls, all with the same key. */
  readonly calls: readonly CallReport[];
  /** The answer of the last call; undefined: no call was answered. */
  readonly answer: Answer | undefined;
}

interface Answer {
  readonly ok: boolean;
  readonly text: string;
  /** Whether the answer is marked as a replay. */
  readonly replayed: boolean;
}

/** The environment of a caller. */
export interface Client {
  readonly api: SteadFetch;
  readonly url: string;
  /** Resolves when another call may begin. */
  readonly ready: () => Promise<void>;
}

/** How often a caller asks, and by how much its pause grows each time, in milliseconds. */
const MOST_CALLS = 10;
const PAUSE = 20;

/** Repeats an unanswered call with the same key until it is answered, as the client of a payment service would. */
export async function placeOrder({ api, url, ready }: Client, order: string): Promise<OrderOutcome> {
  const calls: CallReport[] = [];
  for (let call = 1; call <= MOST_CALLS; call++) {
    await sleep((call - 1) * PAUSE);
    await ready();
    try {
      const response = await ask(api, url, order);
      calls.push(reported(response));
      const text = await response.text();
      // Half of a compressed answer can pass for a whole one; half of a JSON text cannot.
      JSON.parse(text);
      if (response.ok || isFinal(response)) return { order, calls, answer: answerOf(response, text) };
    } catch (error) {
      // A body that breaks off ends a call that is counted already.
      if (calls.length < call) calls.push(reported(error));
    }
  }
  return { order, calls, answer: undefined };
}

function answerOf({ ok, headers }: Response, text: string): Answer {
  return { ok, text, replayed: headers.get('idempotency-replayed') === 'true' };
}

function ask(api: SteadFetch, url: string, order: string): Promise<Response> {
  return api(`${url}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-order': order },
    body: JSON.stringify({ order, cents: 1_999 }),
    idempotencyKey: ['order', order],
  });
}

const isFinal = (response: Response) => callReport(response)?.stopped === 'final-status';

/** @throws The error itself, if it did not come out of a call: then the test is wrong. */
function reported(outcome: unknown): CallReport {
  const report = callReport(outcome);
  if (report === undefined) throw outcome;
  return report;
}
