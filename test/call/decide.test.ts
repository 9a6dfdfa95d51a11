import { expect, test } from 'vitest';
import { decide, decideOnRefusal, type FailedAttempt, type RetryRules } from '../../src/call/decide.ts';

const rules: RetryRules = {
  attempts: 3,
  base: 100,
  factor: 3,
  cap: 2_700,
  retryAfter: 20_000,
  repeatable: true,
  resendable: true,
  forgotten: Number.POSITIVE_INFINITY,
};
const failed: FailedAttempt = { number: 1, delivery: 'unknown', running: false, asked: undefined };
const decided = (what: Partial<FailedAttempt & RetryRules> = {}, deadline = Number.POSITIVE_INFINITY) =>
  decide({ ...failed, ...what }, { ...rules, ...what }, { now: 0, deadline, random: () => 0.5 });

test.each([
  ['the pause is drawn from the backoff', {}, { wait: 50 }],
  ['what the server asked for comes first', { asked: 1_000 }, { wait: 1_050 }],
  ['a pause that is too long ends the call', { asked: 20_001 }, { stop: 'policy' }],
  ['"still running" is drawn from the cap', { running: true }, { wait: 1_350 }],
  ['the pause before the last attempt is no short one', { number: 2 }, { wait: expect.closeTo(250.5) }],
  ['a repeat could do the work twice', { repeatable: false }, { stop: 'unsafe' }],
  ['what was never sent may be sent', { repeatable: false, delivery: 'not-sent' }, { wait: 50 }],
  ['the body can’t be sent again', { resendable: false }, { stop: 'body' }],
  ['the server will have forgotten the key', { forgotten: 50 }, { stop: 'unsafe' }],
] as const)('%s', (_why, what, decision) => {
  expect(decided(what as Partial<FailedAttempt & RetryRules>)).toEqual(decision);
});

test('a pause after which no time is left for an attempt ends the call', () => {
  expect(decided({}, 100)).toEqual({ wait: 50 });
  expect(decided({}, 99)).toEqual({ stop: 'deadline' });
});

test.each([
  ['as long as its patience', { until: 10, isFixed: false }, 500, { roomUntil: 500 }],
  ['no longer than its deadline', { until: 10, isFixed: false }, 2_000, { roomUntil: 950 }],
  ['not without patience', { until: 10, isFixed: false }, 0, { stop: 'breaker' }],
  ['not for what is known to come too late', { until: 600, isFixed: true }, 500, { stop: 'breaker' }],
] as const)('a refused call waits %s', (_how, refusal, patience, decision) => {
  expect(decideOnRefusal({ by: 'breaker', ...refusal }, patience, { now: 0, deadline: 1_000 })).toEqual(
    decision,
  );
});
