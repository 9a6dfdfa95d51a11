import type { Dialect } from './dialect.ts';
import type { BreakerOptions, BudgetOptions, RetryOptions, TimeoutOptions } from './options.ts';

/** A dialect with every default filled in. */
export type ResolvedDialect = Readonly<
  Required<Omit<Dialect, 'retryHeader' | 'methods' | 'lifetime' | 'retryStatuses' | 'finalStatuses'>> & {
    /** Milliseconds; `Infinity`: for ever. */
    lifetime: number;
    /** Upper-case; undefined: every method that is not idempotent. */
    methods: ReadonlySet<string> | undefined;
    retryStatuses: ReadonlySet<number>;
    finalStatuses: ReadonlySet<number>;
    /** Lower-case. */
    retryHeader: string | undefined;
  }
>;

/** What the user wrote, merged, checked, with every default filled in. Frozen; made once per endpoint rule. */
export interface ResolvedPolicy {
  /** The endpoint rule, as written. */
  readonly endpoint: string | undefined;
  /** Milliseconds; `Infinity`: no limit. */
  readonly timeout: Readonly<Record<keyof TimeoutOptions, number>> | false;
  /** `retry: false` is `attempts: 1`. */
  readonly retry: Readonly<
    Required<Omit<RetryOptions, 'statuses' | 'when'>> & {
      statuses: ReadonlySet<number>;
      when: RetryOptions['when'] | undefined;
    }
  >;
  readonly idempotency: ResolvedDialect | false;
  readonly breaker: Readonly<Required<Omit<BreakerOptions, 'scope'>>> | false;
  readonly budget: Readonly<Required<BudgetOptions>> | false;
  /** Which calls share a breaker and a budget. */
  readonly scope: NonNullable<BreakerOptions['scope']>;
  /** Bytes; 0 is off. */
  readonly buffer: number;
  /** Milliseconds; 0 is off. */
  readonly patience: number;
  /** Whether somebody wrote down which dialect the server honours. */
  readonly vouched: boolean;
}
