/**
 * The same client as an undici interceptor, for `undici.request`, `stream`, `pipeline` and a global dispatcher.
 *
 * @module steadfetch/undici
 */

export type { CallOptions } from '../call/plan.ts';
export { callOptions } from './call-options.ts';
export { type Resilience, type ResilienceOptions, resilience } from './resilience.ts';
