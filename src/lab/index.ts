export { chartOf } from './chart.ts';
export { ask, type Question, type ResponseHead } from './question.ts';
export type { QueueOptions } from './service.ts';
export type { Outcome } from './simulate.ts';
