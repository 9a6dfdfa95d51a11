import diagnostics from 'node:diagnostics_channel';

/** A channel that any code in the process can subscribe to without having the client. */
export interface Channel {
  /** Whether the channel has a subscriber. */
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** @see https://nodejs.org/api/diagnostics_channel.html */
export function channel(name: string): Channel {
  return diagnostics.channel(name);
}

/** The channels of an asynchronous operation: `tracing:${name}:start`, `end`, `asyncStart`, `asyncEnd`, `error`. */
export interface TracingChannel<Context extends object> {
  readonly hasSubscribers: boolean;
  tracePromise<T>(run: () => Promise<T>, context: Context): Promise<T>;
}

export function tracingChannel<Context extends object>(name: string): TracingChannel<Context> {
  return diagnostics.tracingChannel<Context, Context>(name) as unknown as TracingChannel<Context>;
}
