export type { CallOptions } from '../call/plan.ts';
export { callOptions } from './call-options.ts';
export { type Resilience, type ResilienceOptions, resilience } from './resilience.ts';
