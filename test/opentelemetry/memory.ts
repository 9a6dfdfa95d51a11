import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';

export interface Point {
  readonly attributes: Record<string, unknown>;
  readonly value: number & { readonly count: number };
}

/** Reads what a meter provider has counted. */
export interface MeterInMemory {
  readonly meterProvider: MeterProvider;
  read(): Promise<MetricData[]>;
  points(name: string): Promise<Point[]>;
}

/** A meter provider that keeps what it counts. It exports when it is asked, and not by a timer. */
export function meterInMemory(): MeterInMemory {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  const read = async () => {
    await reader.forceFlush();
    const scopes = exporter.getMetrics().at(-1)?.scopeMetrics ?? [];
    return scopes.flatMap(({ metrics }) => metrics);
  };
  const points = async (name: string) => {
    const metric = (await read()).find(({ descriptor }) => descriptor.name === name);
    return (metric?.dataPoints ?? []) as unknown as Point[];
  };
  return { meterProvider, read, points };
}
