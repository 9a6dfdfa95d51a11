/**
 * Rules for known APIs: timeouts, attempts and keys of OpenAI, Anthropic, Stripe, GitHub and others.
 *
 * @module steadfetch/presets
 */

import type { RetryFailure } from '../model/failure.ts';
import type { Policy } from '../model/options.ts';

/** Rules for the endpoints of one API. */
export type Preset = Readonly<Record<string, Policy>>;

/** The pauses that the vendors' own clients make: half a second, doubled, eight at most. */
const SDK_PAUSES = { base: 500, factor: 2, cap: 8_000 } as const;

/** An answer may take minutes, and a stream may pause while a model thinks. */
const MODEL_TIMES = { attempt: 600_000, idle: 300_000, total: 900_000 } as const;

/** OpenAI and Anthropic: no documented keys, but an answer that says whether to try again. */
const MODEL_KEYS = { header: 'Idempotency-Key', retryHeader: 'x-should-retry' } as const;

/** A 403 with Retry-After is GitHub's limit of the load; any other is a matter of permissions. */
const isGithubLimit = ({ status, headers }: RetryFailure): boolean | undefined =>
  status === 403 && headers?.has('retry-after') ? true : undefined;

/**
 * Rules for known APIs, each with the source of its figures in docs/presets.md. Lay them among your own; a rule of yours that
 * comes before one of these wins.
 *
 * @example
 * const api = createFetch({ endpoints: { ...presets.stripe, ...presets.openai } });
 */
export const presets = Object.freeze({
  /** Three attempts and ten minutes each, as the vendor's client has. A repeat is billed again. */
  openai: {
    'https://api.openai.com/*': {
      timeout: MODEL_TIMES,
      retry: { attempts: 3, ...SDK_PAUSES },
      idempotency: MODEL_KEYS,
    },
  },
  /** The same; 529 (overloaded) is among the statuses that are retried by default. */
  anthropic: {
    'https://api.anthropic.com/*': {
      timeout: MODEL_TIMES,
      retry: { attempts: 3, ...SDK_PAUSES },
      idempotency: MODEL_KEYS,
    },
  },
  /** Keys protect every POST of version 1; the vendor's client waits 80 s for an answer. */
  stripe: {
    'POST https://api.stripe.com/v1/*': {
      idempotency: 'stripe',
      timeout: { attempt: 80_000, total: 180_000 },
    },
    'https://api.stripe.com/*': { timeout: { attempt: 80_000, total: 180_000 } },
  },
  /** No keys. The service itself gives up after 10 s; limits are a 403 or 429 with Retry-After. */
  github: {
    'https://api.github.com/*': {
      idempotency: false,
      timeout: { attempt: 12_000 },
      retry: { when: isGithubLimit },
    },
  },
  /** No keys: a message whose answer was lost is not posted again. Reading by GET is repeated. */
  slack: {
    'https://slack.com/api/*': { idempotency: false },
    'https://hooks.slack.com/*': { idempotency: false },
  },
  /** Not every API of PayPal's takes keys: look yours up. */
  paypal: {
    'POST https://api-m.paypal.com/*': { idempotency: 'paypal', timeout: { attempt: 30_000, total: 90_000 } },
    'POST https://api-m.sandbox.paypal.com/*': {
      idempotency: 'paypal',
      timeout: { attempt: 30_000, total: 90_000 },
    },
  },
  /** Keys protect every POST; the times are ours. */
  adyen: {
    'POST https://*.adyen.com/*': { idempotency: 'adyen', timeout: { attempt: 30_000, total: 90_000 } },
    'POST https://*.adyenpayments.com/*': {
      idempotency: 'adyen',
      timeout: { attempt: 30_000, total: 90_000 },
    },
  },
} satisfies Record<string, Preset>);
