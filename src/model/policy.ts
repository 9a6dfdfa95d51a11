import type { Dialect } from './dialect.ts';
import type { Fallback } from './fallback.ts';
import type {
  BreakerOptions,
  BudgetOptions,
  HedgeOptions,
  LimitOptions,
  RetryOptions,
  TimeoutOptions,
} from './options.ts';

/** The parts of a policy whose numbers all calls of a scope share. */
export const SHARED_PARTS = ['breaker', 'budget', 'limit'] as const;

/** A dialect with every default filled in. */
export type ResolvedDialect = Readonly<
  Required<Omit<Dialect, 'retryHeader' | 'methods' | 'lifetime' | 'retryStatuses' | 'finalStatuses'>> & {
    /** Milliseconds; `Infinity`: for ever. */
    lifetime: number;
    /** Methods in upper case; undefined: every method that is not idempotent. */
    methods: ReadonlySet<string> | undefined;
    retryStatuses: ReadonlySet<number>;
    finalStatuses: ReadonlySet<number>;
    /** The header in lower case. */
    retryHeader: string | undefined;
  }
>;

/** The user's options, merged and checked, with every default filled in. Frozen. Made once per endpoint rule. */
export interface ResolvedPolicy {
  /** The endpoint rule, as written. */
  readonly endpoint: string | undefined;
  /** Milliseconds; `Infinity`: no limit. */
  readonly timeout: Readonly<Record<keyof TimeoutOptions, number>> | false;
  /** `retry: false` becomes `attempts: 1`. */
  readonly retry: Readonly<
    Required<Omit<RetryOptions, 'statuses' | 'when'>> & {
      statuses: ReadonlySet<number>;
      when: RetryOptions['when'] | undefined;
    }
  >;
  readonly idempotency: ResolvedDialect | false;
  readonly breaker: Readonly<Required<Omit<BreakerOptions, 'scope'>>> | false;
  readonly budget: Readonly<Required<BudgetOptions>> | false;
  readonly hedge: Readonly<Required<HedgeOptions>> | false;
  readonly limit: Readonly<Required<LimitOptions>> | false;
  /** Which calls share a breaker, a budget and a limit. */
  readonly scope: NonNullable<BreakerOptions['scope']>;
  /** Bytes; 0: off. */
  readonly buffer: number;
  /** Milliseconds; 0: off. */
  readonly patience: number;
  /** Whether the user's options name the dialect that the server honours. */
  readonly vouched: boolean;
  /** Undefined: there is none. */
  readonly quota: boolean;
  readonly fallback: Fallback | undefined;
}
