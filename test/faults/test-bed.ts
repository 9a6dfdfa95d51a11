import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch as plainFetch } from 'undici';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import { answerOf, type Fault } from '../support/faults.ts';
import type { RecordedRequest, SeenRequest } from '../support/ledger.ts';
import { jsonReply, replyOf } from '../support/reply.ts';
import { type ClientView, type Environment, makeCall } from './caller.ts';
import { type FaultCase, isSafe } from './fault-case.ts';
import { FaultSchedule, WARM_UP } from './fault-schedule.ts';
import type { Observation } from './observation.ts';
import { Wire } from './wire.ts';

/** How long sockets may take to close, in milliseconds. A discarded body has one second. */
const CLOSING = 5_000;
/** After this many cases a new server takes over, because a server keeps every request in memory. */
const MEMORY = 200;

/** A server and a client on which cases run one after the other, so that every event belongs to the running case. */
export class TestBed {
  readonly #environment: Environment;
  #server: FaultServer | undefined;
  #schedule: FaultSchedule | undefined;
  #cases = 0;

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async run(faultCase: FaultCase): Promise<Observation> {
    if (++this.#cases % MEMORY === 0) await this.close();
    const server = await this.#open();
    const order = `order-${this.#cases}`;
    const schedule = new FaultSchedule(faultCase.faults, server);
    const wire = new Wire(() => schedule.refuses());
    await warmUp(faultCase, server.url, wire);
    const earlier = { begun: server.requestsBegun, recorded: server.requests.length };
    this.#schedule = schedule;
    schedule.start();

    const call = await makeCall(faultCase, server.url, order, wire, this.#environment);

    const recorded = () => server.requests.slice(earlier.recorded);
    const leftovers = await cleanUp(call, server, wire);
    await workIsDone(recorded());
    if (schedule.isArmed) await this.close();
    return {
      ...call,
      faultCase,
      injected: schedule.injected,
      begun: server.requestsBegun - earlier.begun,
      seen: schedule.seen,
      recorded: recorded(),
      effects: server.effects(order),
      expectedBody: call.answer && expectedBody(faultCase, call.answer.status, order, server),
      leftovers,
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async #open(): Promise<FaultServer> {
    this.#server ??= await startFaultServer({
      fault: (request) =>
        request.order === WARM_UP ? warmUpFault(request) : this.#schedule?.faultFor(request),
      log: (line) => this.#schedule?.note(line),
    });
    return this.#server;
  }
}

async function warmUp({ warmUp }: FaultCase, url: string, { dispatcher }: Wire): Promise<void> {
  if (warmUp === 'none') return;
  const response = await plainFetch(`${url}/${warmUp}`, { headers: { 'x-order': WARM_UP }, dispatcher });
  await response.arrayBuffer();
}

function warmUpFault({ path }: SeenRequest): Fault | undefined {
  return path === '/close-idle' ? { kind: 'close-idle' } : undefined;
}

/** Ends everything, waits until nothing can reach the server any more, and returns what is left. */
async function cleanUp({ signal, answer }: ClientView, server: FaultServer, wire: Wire): Promise<string[]> {
  const left: string[] = [];
  // If there is a body, `fetch` keeps its listener on the signal until the response is garbage-collected.
  const listeners = signal && answer === undefined ? getEventListeners(signal, 'abort').length : 0;
  if (listeners > 0) left.push(`${listeners} listeners on the signal`);
  if (!(await wire.close(CLOSING))) left.push('a response that holds its connection');
  if (!(await until(() => server.openSockets === 0 && wire.openSockets === 0))) {
    left.push(`${wire.openSockets} sockets of the client's, ${server.openSockets} of the server's`);
  }
  return left;
}

/** A slow server continues after the client has gone. Its timer was set before this one, so it fires first. */
async function workIsDone(recorded: readonly RecordedRequest[]): Promise<void> {
  const slow = recorded.map(({ fault }) => (fault.kind === 'slow' ? fault.ms : 0));
  if (slow.some((ms) => ms > 0)) await sleep(Math.max(...slow));
}

async function until(condition: () => boolean): Promise<boolean> {
  const giveUp = performance.now() + CLOSING;
  while (!condition()) {
    if (performance.now() > giveUp) return false;
    await sleep(1);
  }
  return true;
}

/** The body that the server meant to send for the call's last request. */
function expectedBody(
  faultCase: FaultCase,
  status: number,
  order: string,
  server: FaultServer,
): Buffer | undefined {
  const last = server.requests.at(-1);
  if (last === undefined) return undefined;
  if (faultCase.method === 'HEAD') return Buffer.alloc(0);
  const answer = answerOf(last.fault);
  if (answer?.status === status) return replyOf(answer).body;
  if (status >= 400) return undefined;
  if (isSafe(faultCase)) return jsonReply(status, { ok: true, path: last.path }).body;
  const booking = server.bookings.find(({ id }) => id === order)?.number;
  return jsonReply(status, { ok: true, booking }).body;
}
