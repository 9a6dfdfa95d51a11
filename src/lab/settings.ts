/** A number that a reader of the lab's page can change. */
export interface Setting {
  readonly label: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly default: number;
}

/** The settings of the lab's page, beside the policy. By default this is the storm in which three tries never recover. */
export const settings = {
  load: { label: 'Load', unit: 'calls per second', min: 1, max: 100, step: 1, default: 40 },
  spike: { label: 'Load in the spike', unit: 'calls per second', min: 1, max: 200, step: 1, default: 80 },
  spikeLength: { label: 'Length of the spike', unit: 's', min: 0, max: 30, step: 1, default: 5 },
  outageLength: { label: 'Length of the outage', unit: 's', min: 0, max: 60, step: 1, default: 0 },
  latency: { label: 'Latency without load', unit: 'ms', min: 5, max: 5_000, step: 5, default: 1_000 },
  capacity: { label: 'Capacity', unit: 'requests per second', min: 1, max: 1_000, step: 1, default: 100 },
  failure: { label: 'Random failures', unit: '% of requests', min: 0, max: 100, step: 1, default: 0 },
  processes: {
    label: 'Processes',
    unit: 'clients that share the load',
    min: 1,
    max: 100,
    step: 1,
    default: 1,
  },
  duration: { label: 'Duration', unit: 's', min: 15, max: 300, step: 15, default: 90 },
  seed: { label: 'Seed', unit: 'of chance', min: 1, max: 100, step: 1, default: 2 },
} as const satisfies Record<string, Setting>;

/** How a service behaves in an outage: nothing listens, a 503 comes at once, or no response comes. */
export const outages = ['refused', '503', 'silence'] as const;

export type Settings = Readonly<Record<keyof typeof settings, number>> & {
  readonly outage: (typeof outages)[number];
};
