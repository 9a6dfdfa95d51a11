/**
 * Predicts what a policy does to a backend: runs the real client on virtual time against a modelled service.
 *
 * @module steadfetch/lab
 */

export { chartOf } from './chart.ts';
export type { Outcome } from './outcome.ts';
export { ask, type Forecast, type Question } from './question.ts';
export type { QueueOptions } from './service.ts';
