import { MultiBar, type SingleBar } from 'cli-progress';

/** Shows how far each client is, while it runs. */
export interface Progress {
  /** One more caller was told. */
  settle(client: string, ok: boolean): void;
  /** A line that stays. */
  note(text: string): void;
  stop(): void;
}

/** Bars that move on a terminal; elsewhere a plain line now and then, and not one control character. */
export function startProgress(
  clients: readonly string[],
  orders: number,
  stream: NodeJS.WriteStream,
): Progress {
  return stream.isTTY ? new Bars(clients, orders, stream) : new Lines(clients, orders, stream);
}

interface Counts {
  ok: number;
  failed: number;
}

class Bars implements Progress {
  readonly #bars: MultiBar;
  readonly #clients: ReadonlyMap<string, { readonly bar: SingleBar; readonly counts: Counts }>;

  constructor(clients: readonly string[], orders: number, stream: NodeJS.WriteStream) {
    this.#bars = new MultiBar({
      stream,
      format: '{client} {bar} {value}/{total}  ok {ok}  failed {failed}',
      barsize: 30,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      // A note takes the line of the first bar.
      forceRedraw: true,
    });
    this.#clients = new Map(
      clients.map((client) => {
        const counts = { ok: 0, failed: 0 };
        return [
          client,
          { bar: this.#bars.create(orders, 0, { client: client.padEnd(10), ...counts }), counts },
        ];
      }),
    );
  }

  settle(client: string, ok: boolean): void {
    const row = this.#clients.get(client);
    if (row === undefined) return;
    row.counts[ok ? 'ok' : 'failed'] += 1;
    row.bar.increment(1, row.counts);
  }

  note(text: string): void {
    this.#bars.log(`${text}\n`);
    // At once: two notes in one drawing would leave the rest of a bar behind the second.
    this.#bars.update();
  }

  stop(): void {
    this.#bars.stop();
  }
}

class Lines implements Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #orders: number;
  readonly #counts: ReadonlyMap<string, Counts>;
  readonly #timer: NodeJS.Timeout;

  constructor(clients: readonly string[], orders: number, stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#orders = orders;
    this.#counts = new Map(clients.map((client) => [client, { ok: 0, failed: 0 }]));
    this.#timer = setInterval(() => this.#show(), 1_000);
  }

  settle(client: string, ok: boolean): void {
    const counts = this.#counts.get(client);
    if (counts !== undefined) counts[ok ? 'ok' : 'failed'] += 1;
  }

  note(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#show();
  }

  #show(): void {
    const clients = [...this.#counts].map(
      ([client, { ok, failed }]) => `${client} ${ok} ok, ${failed} failed`,
    );
    this.note(`of ${this.#orders}: ${clients.join(' · ')}`);
  }
}
