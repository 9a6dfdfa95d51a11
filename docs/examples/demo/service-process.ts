import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command, LedgerPage } from './service.ts';

/** A message to the payment services. */
export interface Letter {
  readonly service: string;
  readonly command: Command;
}

interface Reply {
  readonly service: string;
  readonly answer: unknown;
}

/** One payment service in another process. It takes one command at a time. */
export class RemoteService {
  readonly url: string;
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(name: string, url: string, child: ChildProcess) {
    this.#name = name;
    this.url = url;
    this.#child = child;
  }

  /** Begins an outage. */
  refuse(): Promise<unknown> {
    return this.#tell('refuse');
  }

  /** Ends the outage. */
  listenAgain(): Promise<unknown> {
    return this.#tell('listen again');
  }

  /** Waits until no request is in progress, and closes the service. */
  async closeLedger(): Promise<LedgerPage> {
    return (await this.#tell('close the ledger')) as LedgerPage;
  }

  async #tell(command: Command): Promise<unknown> {
    if (!this.#child.connected) throw new Error('the payment services ended by themselves');
    this.#child.send({ service: this.#name, command } satisfies Letter);
    const reply = await answerTo<Reply>(this.#child, ({ service }) => service === this.#name);
    return reply.answer;
  }
}

/** The process of all payment services. It ends with this process, also if this process crashes. */
export class ServiceProcess {
  readonly #child: ChildProcess;
  readonly #services: ReadonlyMap<string, RemoteService>;

  private constructor(child: ChildProcess, urls: readonly (readonly [name: string, url: string])[]) {
    this.#child = child;
    this.#services = new Map(urls.map(([name, url]) => [name, new RemoteService(name, url, child)]));
  }

  /** Starts a payment service for each name. */
  static async start(seed: number, names: readonly string[]): Promise<ServiceProcess> {
    const program = fileURLToPath(new URL('services.ts', import.meta.url));
    const child = fork(program, [String(seed), ...names]);
    return new ServiceProcess(child, await answerTo(child, () => true));
  }

  service(name: string): RemoteService {
    const service = this.#services.get(name);
    if (service === undefined) throw new Error(`there is no payment service for ${name}`);
    return service;
  }

  stop(): void {
    this.#child.disconnect();
  }
}

/** Waits for the next message for which `isOurs` is true. */
async function answerTo<Message>(
  child: ChildProcess,
  isOurs: (message: Message) => boolean,
): Promise<Message> {
  const settled = new AbortController();
  const { signal } = settled;
  const died = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the payment services ended by themselves (exit status ${code})`);
  });
  try {
    return await Promise.race([messageFor(child, isOurs, signal), died]);
  } finally {
    settled.abort();
  }
}

async function messageFor<Message>(
  child: ChildProcess,
  isOurs: (message: Message) => boolean,
  signal: AbortSignal,
): Promise<Message> {
  for await (const [message] of on(child, 'message', { signal })) {
    if (isOurs(message)) return message;
  }
  throw new Error('no message will come');
}
