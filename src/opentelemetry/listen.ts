import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { SteadFetch } from '../model/client.ts';
import type { Events } from '../model/events.ts';

/** Calls `listener` on each event of that name; returns the function that takes it off again. */
export type Listen = <Name extends keyof Events>(
  name: Name,
  listener: (event: Events[Name]) => void,
) => () => void;

/** To every client of this process. */
export const listenToProcess: Listen = (name, listener) => {
  const onMessage = (message: unknown) => listener(message as never);
  subscribe(`steadfetch:${name}`, onMessage);
  return () => void unsubscribe(`steadfetch:${name}`, onMessage);
};

export function listenTo(client: Pick<SteadFetch, 'on'>): Listen {
  return (name, listener) => client.on(name, listener);
}
