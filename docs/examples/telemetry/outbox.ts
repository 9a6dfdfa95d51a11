import { Gauge, type Registry } from 'prom-client';

/** The members of an outbox and of sagas that are used here. */
interface Sources {
  readonly outbox?: {
    stats(): Promise<{ readonly waiting: number; readonly dead: number; readonly oldest: number }>;
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
  gauge('steadfetch_outbox_dead', 'Dead letters', async () => (await outbox?.stats())?.dead);
  gauge('steadfetch_outbox_waiting', 'Calls to be sent', async () => (await outbox?.stats())?.waiting);
  gauge(
    'steadfetch_outbox_oldest_seconds',
    'Age of the oldest call that is not over',
    async () => outbox && (await outbox.stats()).oldest / 1_000,
  );
  gauge(
    'steadfetch_sagas_stuck',
    'Sagas that wait for a person',
    async () => (await sagas?.list({ stuck: true }))?.length,
  );
}
