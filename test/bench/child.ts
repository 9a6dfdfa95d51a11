import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Another process of the benchmark. It ends when its channel does. */
export class Child {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Resolves with the child and its first message. */
  static async start(
    file: 'client.js' | 'server.js' | 'downloader.js',
    args: readonly string[],
    execArgv: readonly string[] = [],
  ): Promise<{ child: Child; hello: unknown }> {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const child = new Child(fork(path, [...args], { execArgv: [...execArgv] }));
    return { child, hello: await child.#answer() };
  }

  ask(question: object): Promise<unknown> {
    this.#process.send(question);
    return this.#answer();
  }

  stop(): void {
    this.#process.disconnect();
  }

  async #answer(): Promise<unknown> {
    const over = new AbortController();
    const { signal } = over;
    try {
      const [message] = await Promise.race([
        once(this.#process, 'message', { signal }),
        once(this.#process, 'exit', { signal }).then(([code]) => {
          throw new Error(`a process of the benchmark ended with ${code}`);
        }),
      ]);
      return message;
    } finally {
      over.abort();
    }
  }
}
