import type { Dispatcher } from 'undici';
import type { MakeResponse, PartsOf } from './response.ts';

/** What all attempts of a client have in common. */
export interface Means {
  readonly dispatcher: Dispatcher;
  readonly make: MakeResponse;
  readonly partsOf: PartsOf;
}
