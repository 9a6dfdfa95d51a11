import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Command, LedgerPage } from './service.ts';

/** What is sent to the payment services. */
export interface Letter {
  readonly service: string;
  readonly command: Command;
}

interface Reply {
  readonly service: string;
  readonly answer: unknown;
}

/** One payment service, from another process. One command at a time. */
export class RemoteService {
  readonly url: string;
  readonly #name: string;
  readonly #child: ChildProcess;

  constructor(name: string, url: string, child: ChildProcess) {
    this.#name = name;
    this.url = url;
    this.#child = child;
  }

  /** An outage begins. */
  refuse(): Promise<unknown> {
    return this.#tell('refuse');
  }

  /** The outage ends. */
  listenAgain(): Promise<unknown> {
    return this.#tell('listen again');
  }

  /** Waits until nothing is being worked on any more, and closes the service. */
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

/** The process of all payment services. It ends with this one, however this one ends. */
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

/** The next message that is meant for us. */
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
