import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Fault } from '../../../test/support/faults.ts';

/** What a service can be told to do. */
export type Command = 'refuse' | 'listen again' | 'close the ledger';

/** What the service knows of one order. */
export interface OrderTruth {
  readonly order: number;
  /** How many times it was booked. */
  readonly booked: number;
  /** What struck its requests, in their order. */
  readonly faults: readonly Fault[];
}

/** What really happened. */
export interface LedgerPage {
  /** Requests that reached the service. */
  readonly requests: number;
  /** Those that it heard of. */
  readonly orders: readonly OrderTruth[];
}

/** A payment service, from outside. One command at a time. */
export class ServiceProcess {
  readonly url: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.url = url;
  }

  static async start(seed: number): Promise<ServiceProcess> {
    const child = fork(fileURLToPath(new URL('service.ts', import.meta.url)), [String(seed)]);
    return new ServiceProcess(child, (await messageFrom(child)) as string);
  }

  /** An outage begins. */
  refuse(): Promise<unknown> {
    return this.#tell('refuse');
  }

  /** The outage ends. */
  listenAgain(): Promise<unknown> {
    return this.#tell('listen again');
  }

  /** Waits until nothing is being worked on any more, and ends the service. */
  async closeLedger(): Promise<LedgerPage> {
    const page = await this.#tell('close the ledger');
    this.#child.disconnect();
    return page as LedgerPage;
  }

  async #tell(command: Command): Promise<unknown> {
    if (!this.#child.connected) throw new Error('the payment service ended by itself');
    this.#child.send(command);
    return messageFrom(this.#child);
  }
}

async function messageFrom(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController();
  const { signal } = settled;
  const died = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the payment service ended by itself (exit status ${code})`);
  });
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), died]);
    return message;
  } finally {
    died.catch(() => {});
    settled.abort();
  }
}
