import { builtin } from './builtin.ts';
import type { Channel, TracingChannel } from './diagnostics.ts';

interface Diagnostics {
  channel(name: string): Channel;
  tracingChannel(name: string): unknown;
}

/** Bun, Deno and workerd have Node's channels. In a browser there are no subscribers. */
const diagnostics = builtin<Diagnostics>('node:diagnostics_channel');

const deaf = {
  hasSubscribers: false,
  publish() {},
  tracePromise: <T>(run: () => Promise<T>): Promise<T> => run(),
};

export function channel(name: string): Channel {
  return diagnostics?.channel(name) ?? deaf;
}

export function tracingChannel<Context extends object>(name: string): TracingChannel<Context> {
  const found = diagnostics?.tracingChannel?.(name) as TracingChannel<Context> | undefined;
  return found ?? deaf;
}
