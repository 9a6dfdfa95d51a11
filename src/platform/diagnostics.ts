import diagnostics from 'node:diagnostics_channel';

/** Where anybody in the process may listen, without being handed a client. */
export interface Channel {
  /** Whether anybody does. */
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** @see https://nodejs.org/api/diagnostics_channel.html */
export function channel(name: string): Channel {
  return diagnostics.channel(name);
}

/** The channels of something that takes its time: `tracing:${name}:start`, `end`, `asyncStart`, `asyncEnd`, `error`. */
export interface TracingChannel<Context extends object> {
  readonly hasSubscribers: boolean;
  tracePromise<T>(run: () => Promise<T>, context: Context): Promise<T>;
}

export function tracingChannel<Context extends object>(name: string): TracingChannel<Context> {
  return diagnostics.tracingChannel<Context, Context>(name) as unknown as TracingChannel<Context>;
}
