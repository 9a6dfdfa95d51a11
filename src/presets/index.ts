/**
 * Rules for known APIs: timeouts, attempts and keys of OpenAI, Anthropic, Stripe, GitHub and others.
 *
 * @module steadfetch/presets
 */

import type { RetryFailure } from '../model/failure.ts';
import type { Policy } from '../model/options.ts';

/** Rules for the endpoints of one API: a policy for each URL pattern. */
export type Preset = Readonly<Record<string, Policy>>;

/** The pauses of the vendors' own clients: half a second at first, then doubled, eight seconds at most. */
const SDK_PAUSES = { base: 500, factor: 2, cap: 8_000 } as const;

/** A response may take minutes, and a stream may pause while a model works. */
const MODEL_TIMES = { attempt: 600_000, idle: 300_000, total: 900_000 } as const;

/**
 * Their limits are per minute, so a refusal may ask for a whole minute. Calls that come meanwhile wait as long: a shorter patience
 * would fail them at once.
 */
const MODEL_WAIT = 60_000;

/** OpenAI and Anthropic document no keys, but their responses say whether to retry. */
const MODEL_KEYS = { header: 'Idempotency-Key', retryHeader: 'x-should-retry' } as const;

/** A 403 with Retry-After is GitHub's rate limit. Any other 403 is about permissions. */
const isGithubLimit = ({ status, headers }: RetryFailure): boolean | undefined =>
  status === 403 && headers?.has('retry-after') ? true : undefined;

/**
 * Rules for known APIs; docs/presets.md has the sources of the figures. Spread them among your own `endpoints`. The first rule
 * that matches applies, so your own rule wins if it comes first.
 *
 * @example
 * const api = createFetch({ endpoints: { ...presets.stripe, ...presets.openai } });
 */
export const presets = Object.freeze({
  /** Three attempts of up to ten minutes each, as in the vendor's client. A repeated request is billed again. */
  openai: {
    'https://api.openai.com/*': {
      timeout: MODEL_TIMES,
      retry: { attempts: 3, ...SDK_PAUSES, retryAfter: MODEL_WAIT },
      patience: MODEL_WAIT,
      idempotency: MODEL_KEYS,
    },
  },
  /** The same as `openai`. 529 (overloaded) is retried by default. */
  anthropic: {
    'https://api.anthropic.com/*': {
      timeout: MODEL_TIMES,
      retry: { attempts: 3, ...SDK_PAUSES, retryAfter: MODEL_WAIT },
      patience: MODEL_WAIT,
      idempotency: MODEL_KEYS,
    },
  },
  /** Keys protect every POST of version 1. The vendor's client waits 80 s for a response. */
  stripe: {
    'POST https://api.stripe.com/v1/*': {
      idempotency: 'stripe',
      timeout: { attempt: 80_000, total: 180_000 },
    },
    'https://api.stripe.com/*': { timeout: { attempt: 80_000, total: 180_000 } },
  },
  /** No keys. The service itself gives up after 10 s. Its rate limit is a 403 or 429 with Retry-After. */
  github: {
    'https://api.github.com/*': {
      idempotency: false,
      timeout: { attempt: 12_000 },
      retry: { when: isGithubLimit },
    },
  },
  /** No keys, so a message whose response was lost is not posted again. A GET is repeated. */
  slack: {
    'https://slack.com/api/*': { idempotency: false },
    'https://hooks.slack.com/*': { idempotency: false },
  },
  /** Not every API of PayPal accepts keys: read the page of the API that you call. */
  paypal: {
    'POST https://api-m.paypal.com/*': { idempotency: 'paypal', timeout: { attempt: 30_000, total: 90_000 } },
    'POST https://api-m.sandbox.paypal.com/*': {
      idempotency: 'paypal',
      timeout: { attempt: 30_000, total: 90_000 },
    },
  },
  /** Keys protect every POST. The timeouts are steadfetch's own choice. */
  adyen: {
    'POST https://*.adyen.com/*': { idempotency: 'adyen', timeout: { attempt: 30_000, total: 90_000 } },
    'POST https://*.adyenpayments.com/*': {
      idempotency: 'adyen',
      timeout: { attempt: 30_000, total: 90_000 },
    },
  },
} satisfies Record<string, Preset>);
