import { type Dispatcher, request } from 'undici';
import {
  type CallReport,
  callReport,
  createFetch,
  type Options,
  type SteadFetch,
  type SteadInit,
} from '../../src/index.ts';
import { callOptions, resilience } from '../../src/undici/index.ts';
import type { FaultCase } from './fault-case.ts';

/** A response, of either entry point. */
export interface ReceivedResponse {
  readonly status: number;
  readonly report: CallReport | undefined;
  read(): Promise<ArrayBuffer>;
}

/** A client, of either entry point. */
export interface Client {
  readonly on: SteadFetch['on'];
  send(target: string, init: SteadInit, body: FaultCase['body']): Promise<ReceivedResponse>;
}

export function clientFor(entry: FaultCase['entry'], options: Options, dispatcher: Dispatcher): Client {
  return entry === 'fetch' ? byFetch(options, dispatcher) : byInterceptor(options, dispatcher);
}

function byFetch(options: Options, dispatcher: Dispatcher): Client {
  const api = createFetch({ ...options, dispatcher });
  return {
    on: api.on,
    async send(target, init, body) {
      const response = await (body === 'request' ? asRequest(api, target, init) : api(target, init));
      const { status } = response;
      return { status, report: callReport(response), read: () => response.arrayBuffer() };
    },
  };
}

/** The members of the call that a Request can't have stay in the init. */
function asRequest(api: SteadFetch, target: string, init: SteadInit): Promise<Response> {
  const { idempotencyKey, ...rest } = init;
  return api(
    new Request(target, rest as RequestInit),
    idempotencyKey === undefined ? {} : { idempotencyKey },
  );
}

function byInterceptor(options: Options, agent: Dispatcher): Client {
  const guard = resilience(options);
  const dispatcher = agent.compose(guard);
  return {
    on: guard.on,
    async send(target, { method, headers, body, signal, idempotencyKey }) {
      const init = { dispatcher, method, headers, body, signal, idempotencyKey } as never;
      const { statusCode, context, body: stream } = await request(target, callOptions(init));
      return { status: statusCode, report: callReport(context), read: () => stream.arrayBuffer() };
    },
  };
}
