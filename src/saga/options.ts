import type { SteadFetch } from '../model/client.ts';
import {
  boolean,
  type Check,
  type Checks,
  fail,
  isFunction,
  isPlainObject,
  list,
  members,
  only,
} from '../options/checks.ts';
import { BACKOFF, type Backoff, backoff, listed, SCHEMA, schema, time } from '../outbox/shared-options.ts';
import type { PrepareStep } from './caller.ts';
import type { Saga } from './saga.ts';

/** What `openSagas` takes. All times in milliseconds. */
export interface SagasOptions {
  /** The client that the steps call with. */
  readonly fetch: SteadFetch;
  /** Every saga that this code knows. */
  readonly sagas: readonly Saga<never>[];
  /** What relative URLs are relative to. */
  readonly base?: string;
  /** Adds what must not be stored, such as `authorization`, each time a step calls. */
  readonly prepare?: PrepareStep;
  /** The pause before a saga is carried on: full jitter, `random() × min(cap, base × 2^tries)`. */
  readonly backoff?: {
    /** @default 1000 */
    readonly base?: number;
    /** @default 300000 (5 minutes) */
    readonly cap?: number;
  };
  /**
   * How long the record of a saga is kept after its end.
   * @default 2592000000 (30 days)
   */
  readonly keep?: number;
  /**
   * The database schema of the engine.
   * @default 'steadfetch'
   */
  readonly schema?: string;
}

const client: Check<SteadFetch> = only(
  'a client that createFetch made',
  (value): value is SteadFetch => isFunction(value) && isFunction(Reflect.get(value, 'extend')),
);

const checks: Checks<SagasOptions> = {
  fetch: client,
  sagas: list(
    'an array of what saga() made',
    only(
      'what saga() made',
      (value): value is Saga<never> => isPlainObject(value) && Reflect.get(value, 'steps') instanceof Map,
    ),
  ),
  base: only('an absolute URL', (value): value is string => typeof value === 'string' && URL.canParse(value)),
  prepare: only('a function', isFunction<PrepareStep>),
  backoff,
  keep: time,
  schema,
};

/** With every default filled in. */
export type CheckedSagas = Omit<SagasOptions, 'sagas' | 'backoff' | 'keep' | 'schema'> & {
  readonly sagas: ReadonlyMap<string, Saga<unknown>>;
  readonly backoff: Backoff;
  readonly keep: number;
  readonly schema: string;
};

/** @throws PolicyError that names the option, its value and what is allowed. */
export function checkSagas(options: SagasOptions): CheckedSagas {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  const { fetch, sagas = [], ...rest } = members(options, '', '', checks, []);
  if (fetch === undefined) return fail('fetch', 'a client that createFetch made', fetch);
  const byName = new Map<string, Saga<unknown>>();
  for (const [at, known] of sagas.entries()) {
    if (byName.has(known.name)) fail(`sagas[${at}].name`, 'a name that no other saga has', known.name);
    byName.set(known.name, known as Saga<unknown>);
  }
  return Object.freeze({
    keep: 30 * 86_400_000,
    schema: SCHEMA,
    ...rest,
    fetch,
    sagas: byName,
    backoff: { ...BACKOFF, ...rest.backoff },
  });
}

/** What `list` takes. */
export interface SagaListOptions {
  /**
   * Only those that are stuck.
   * @default false
   */
  readonly stuck?: boolean;
  /**
   * 1 to 100,000.
   * @default 1000
   */
  readonly limit?: number;
}

const listChecks: Checks<Required<SagaListOptions>> = { stuck: boolean, limit: listed };

/** @throws PolicyError that names the option, its value and what is allowed. */
export function checkList(options: SagaListOptions): Required<SagaListOptions> {
  if (!isPlainObject(options)) return fail('options', 'a plain object', options);
  return { stuck: false, limit: 1_000, ...members(options, '', '', listChecks, []) };
}
