import type { FetchLike } from '../model/options.ts';
import type { World } from './world.ts';

/** Makes one logical call to a path of the service. Resolves to true if the call succeeds. */
export type Call = (path?: string) => Promise<boolean>;

/** The environment of a client. */
export interface Environment {
  readonly world: World;
  readonly fetch: FetchLike;
  /** Milliseconds after which an attempt is given up; undefined: the client's own default. */
  readonly timeout: number | undefined;
  /** Called when this client's breaker opens (+1) or closes (−1). */
  readonly breakerMoved: (step: 1 | -1) => void;
}

/** A way to call a service. Each result of `client` is a process of its own. */
export interface Strategy {
  readonly name: string;
  client(environment: Environment): Call;
}

/** The address of the modelled service. No real request is sent there. */
export const SERVICE_URL = 'http://service.test/';

/** The URL of a path. */
export function urlOf(path = ''): string {
  return SERVICE_URL + path;
}
