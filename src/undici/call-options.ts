import type { CallOptions } from '../call/plan.ts';

/**
 * Options for a request of undici's, and ours for this one call among them. Gives them back as they are: undici passes
 * on what it does not know, but its types do not say so.
 *
 * @example
 * await request(url, callOptions({ method: 'POST', body, idempotencyKey: ['charge', order.id] }));
 */
export function callOptions<const Options extends object>(options: Options & CallOptions): Options {
  return options;
}
