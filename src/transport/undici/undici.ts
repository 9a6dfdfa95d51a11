import type { Dispatcher } from 'undici';
import type { DispatcherLike } from '../../model/options.ts';
import type { Transport } from '../exchange.ts';
import { Direct } from './direct.ts';
import { globalDispatcher } from './package.ts';
import { responses } from './response.ts';
import { WireExchange } from './wire.ts';

/** Sends through the given dispatcher, or undici's global one; each response is of the class that is global now. */
export function undiciTransport(): (dispatcher: DispatcherLike | undefined) => Transport {
  const classes = responses();
  return (dispatcher) => () => {
    const means = { dispatcher: (dispatcher ?? globalDispatcher()) as Dispatcher, ...classes };
    return new WireExchange(new Direct(means));
  };
}
