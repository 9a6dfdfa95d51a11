import type { Dispatcher } from 'undici';
import type { DispatcherLike, FetchLike } from '../../model/options.ts';
import type { Transport } from '../exchange.ts';
import { Direct } from './direct.ts';
import { fetch, globalDispatcher } from './package.ts';
import { responses } from './response.ts';
import { wrapped } from './through-fetch.ts';
import { WireExchange } from './wire.ts';

/** Sends through the given dispatcher, or undici's global one; each response is of the class that is global now. */
export function undiciTransport(): (dispatcher: DispatcherLike | undefined) => Transport {
  const { make, partsOf } = responses();
  return (dispatcher) => () => {
    const means = { dispatcher: (dispatcher ?? globalDispatcher()) as Dispatcher, make, partsOf };
    return new WireExchange(new Direct(means));
  };
}

type UndiciInput = Parameters<typeof fetch>[0];
type UndiciInit = Parameters<typeof fetch>[1];

/** undici's own `fetch`, but for the class of its responses. */
export function undiciFetch(): FetchLike {
  const classes = responses();
  return async (input, init) =>
    wrapped(await fetch(input as unknown as UndiciInput, init as unknown as UndiciInit), classes);
}
