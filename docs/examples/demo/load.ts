import { setTimeout as sleep } from 'node:timers/promises';
import { type CallReport, callReport } from 'steadfetch';
import type { Client } from './clients.ts';
import { RequestsMade } from './requests-made.ts';
import type { RemoteService } from './service-process.ts';
import { GAP, OUTAGE } from './world.ts';

/** The result that the caller of one order got. */
export interface Told {
  /** The order's number, counted from 1. */
  readonly order: number;
  /** `response.ok`, after its body was read; false for an error. */
  readonly ok: boolean;
  /** Milliseconds until the caller had the result. */
  readonly wait: number;
  /** Whether the service had given this answer before, to the same key. */
  readonly replayed: boolean;
  /** The report, if steadfetch made the call. */
  readonly report: CallReport | undefined;
}

/** What one client made of all orders. */
export interface Sent {
  readonly told: readonly Told[];
  readonly requests: { readonly all: number; readonly inOutage: number };
}

/**
 * Sends all orders, each at its time, whether or not earlier ones are done. Turns the service off and on again
 * at the same orders for every client.
 *
 * @param settled called with each order as soon as its caller has the result
 */
export async function sendOrders(
  orders: number,
  send: Client['send'],
  service: RemoteService,
  settled: (told: Told) => void,
): Promise<Sent> {
  const start = performance.now();
  const calls: Promise<Told>[] = [];
  const requests = new RequestsMade(service.url);
  for (let order = 1; order <= orders; order++) {
    await sleep(Math.max(0, start + order * GAP - performance.now()));
    if (order === OUTAGE.from) await service.refuse();
    requests.isOutage = order >= OUTAGE.from && order <= OUTAGE.to;
    if (order === OUTAGE.to + 1) await service.listenAgain();
    const call = sendOrder(order, send, service.url);
    calls.push(call);
    void call.then(settled);
  }
  const told = await Promise.all(calls);
  requests.stop();
  return { told, requests };
}

async function sendOrder(order: number, send: Client['send'], url: string): Promise<Told> {
  const start = performance.now();
  try {
    const response = await send(`${url}/charges`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-order': String(order) },
      body: JSON.stringify({ order, amount: 1_999 }),
    });
    await response.text();
    return {
      order,
      ok: response.ok,
      wait: performance.now() - start,
      replayed: response.headers.get('idempotency-replayed') === 'true',
      report: callReport(response),
    };
  } catch (error) {
    const wait = performance.now() - start;
    return { order, ok: false, wait, replayed: false, report: callReport(error) };
  }
}
