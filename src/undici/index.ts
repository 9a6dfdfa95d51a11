export type { CallOptions } from '../call/plan.ts';
export { type Resilience, type ResilienceOptions, resilience } from './resilience.ts';
