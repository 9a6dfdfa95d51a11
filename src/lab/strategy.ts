import type { FetchLike } from '../model/options.ts';
import type { World } from './world.ts';

/** Makes one logical call, to a path of the service; true if it ended well. */
export type Call = (path?: string) => Promise<boolean>;

/** What a client has to work with. */
export interface Environment {
  readonly world: World;
  readonly fetch: FetchLike;
  /** Milliseconds after which an attempt is given up; undefined: as the client has it. */
  readonly timeout: number | undefined;
  /** Told that this client's breaker opened (+1) or let go (−1). */
  readonly breakerMoved: (step: 1 | -1) => void;
}

/** A way to call a service. Each call of `client` is a process of its own. */
export interface Strategy {
  readonly name: string;
  client(environment: Environment): Call;
}

/** Where the modelled service is said to be. Nothing is ever sent there. */
export const SERVICE_URL = 'http://service.test/';

/** The address of a path. */
export function urlOf(path = ''): string {
  return SERVICE_URL + path;
}
