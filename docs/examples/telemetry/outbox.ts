import { Gauge, type Registry } from 'prom-client';

interface Stats {
  readonly waiting: number;
  readonly dead: number;
  readonly oldest: number;
}

/** The members of an outbox and of sagas that are used here. */
interface Sources {
  readonly outbox?: {
    stats(): Promise<Stats>;
  };
  readonly sagas?: { list(options: { stuck: true }): Promise<readonly unknown[]> };
}

/** Dead letters, waiting calls and stuck sagas, counted when Prometheus asks. */
export function countDurable({ outbox, sagas }: Sources, register: Registry): void {
  const gauge = (name: string, help: string, read: () => Promise<number | undefined>) =>
    new Gauge({
      ...{ name, help, registers: [register] },
      async collect() {
        this.set((await read()) ?? 0);
      },
    });
  // Prometheus asks for all gauges at once: the database is asked once for the three of them.
  let asked: Promise<Stats> | undefined;
  const stats = async () => {
    asked ??= outbox?.stats();
    try {
      return await asked;
    } finally {
      asked = undefined;
    }
  };
  gauge('steadfetch_outbox_dead', 'Dead letters', async () => (await stats())?.dead);
  gauge(
    'steadfetch_outbox_waiting',
    'Calls that wait to be sent, without those that a worker has in hand',
    async () => (await stats())?.waiting,
  );
  gauge('steadfetch_outbox_oldest_seconds', 'Age of the oldest call that is not over', async () => {
    const now = await stats();
    return now && now.oldest / 1_000;
  });
  gauge(
    'steadfetch_sagas_stuck',
    'Sagas that wait for a person',
    async () => (await sagas?.list({ stuck: true }))?.length,
  );
}
