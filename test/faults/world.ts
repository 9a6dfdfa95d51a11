import { getEventListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetch as plainFetch } from 'undici';
import { type FaultServer, startFaultServer } from '../support/fault-server.ts';
import { answerOf, type Fault } from '../support/faults.ts';
import type { RecordedRequest, SeenRequest } from '../support/ledger.ts';
import { jsonReply, replyOf } from '../support/reply.ts';
import { type CallersView, makeCall, type Surroundings } from './caller.ts';
import { ASIDE, Dealer } from './dealer.ts';
import type { Observation } from './observation.ts';
import { isSafe, type Story } from './story.ts';
import { Wire } from './wire.ts';

/** How long sockets may take to close, in milliseconds: a discarded body is given a second. */
const CLOSING = 5_000;
/** How many stories a server remembers before it makes room for a new one. */
const MEMORY = 200;

/** A server and a client, where one story after the other is told: all that happens there belongs to the one being told. */
export class World {
  readonly #surroundings: Surroundings;
  #server: FaultServer | undefined;
  #dealer: Dealer | undefined;
  #stories = 0;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async tell(story: Story): Promise<Observation> {
    if (++this.#stories % MEMORY === 0) await this.close();
    const server = await this.#open();
    const order = `order-${this.#stories}`;
    const dealer = new Dealer(story.troubles, server);
    const wire = new Wire(() => dealer.refuses());
    await warmUp(story, server.url, wire);
    const earlier = { begun: server.requestsBegun, recorded: server.requests.length };
    this.#dealer = dealer;
    dealer.start();

    const call = await makeCall(story, server.url, order, wire, this.#surroundings);

    const recorded = () => server.requests.slice(earlier.recorded);
    const leftovers = await cleanUp(call, server, wire);
    await workIsDone(recorded());
    if (dealer.isArmed) await this.close();
    return {
      ...call,
      story,
      met: dealer.met,
      begun: server.requestsBegun - earlier.begun,
      seen: dealer.seen,
      recorded: recorded(),
      effects: server.effects(order),
      expectedBody: call.answer && expectedBody(story, call.answer.status, order, server),
      leftovers,
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  async #open(): Promise<FaultServer> {
    this.#server ??= await startFaultServer({
      fault: (request) => (request.order === ASIDE ? faultAside(request) : this.#dealer?.faultFor(request)),
      log: (line) => this.#dealer?.note(line),
    });
    return this.#server;
  }
}

async function warmUp({ warmUp }: Story, url: string, { dispatcher }: Wire): Promise<void> {
  if (warmUp === 'none') return;
  const response = await plainFetch(`${url}/${warmUp}`, { headers: { 'x-order': ASIDE }, dispatcher });
  await response.arrayBuffer();
}

function faultAside({ path }: SeenRequest): Fault | undefined {
  return path === '/close-idle' ? { kind: 'close-idle' } : undefined;
}

/** Ends everything, waits until no more can reach the server, and says what would not go. */
async function cleanUp({ signal, answer }: CallersView, server: FaultServer, wire: Wire): Promise<string[]> {
  const left: string[] = [];
  // Where there is a body, `fetch` holds on to the signal until the garbage collector has had the response.
  const listeners = signal && answer === undefined ? getEventListeners(signal, 'abort').length : 0;
  if (listeners > 0) left.push(`${listeners} listeners on the signal`);
  if (!(await wire.close(CLOSING))) left.push('a response that holds its connection');
  if (!(await until(() => server.openSockets === 0 && wire.openSockets === 0))) {
    left.push(`${wire.openSockets} sockets of the client's, ${server.openSockets} of the server's`);
  }
  return left;
}

/** A slow server works on when the client has gone. Its timer was set before this one, so it fires before. */
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

/** What the server meant to answer to the call's last request. */
function expectedBody(story: Story, status: number, order: string, server: FaultServer): Buffer | undefined {
  const last = server.requests.at(-1);
  if (last === undefined) return undefined;
  if (story.method === 'HEAD') return Buffer.alloc(0);
  const answer = answerOf(last.fault);
  if (answer?.status === status) return replyOf(answer).body;
  if (status >= 400) return undefined;
  if (isSafe(story)) return jsonReply(status, { ok: true, path: last.path }).body;
  const booking = server.bookings.find(({ id }) => id === order)?.number;
  return jsonReply(status, { ok: true, booking }).body;
}
