import type { Channel, TracingChannel } from './diagnostics.ts';

const deaf = {
  hasSubscribers: false,
  publish() {},
  tracePromise: <T>(run: () => Promise<T>): Promise<T> => run(),
};

/** Browsers have no diagnostics channels. */
export const channel = (_name: string): Channel => deaf;
export const tracingChannel = <Context extends object>(_name: string): TracingChannel<Context> => deaf;
