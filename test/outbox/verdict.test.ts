import { describe, expect, test } from 'vitest';
import type { AttemptReport, CallReport, Stopped } from '../../src/model/report.ts';
import { judge } from '../../src/outbox/verdict.ts';

const NOW = Date.UTC(2026, 0, 1);

function attempt(reason: AttemptReport['reason']): AttemptReport {
  return { number: 1, startedAt: NOW, duration: 1, waited: 0, delivery: 'unknown', reason };
}

/** @param reason of its only attempt; undefined: it had none */
function reportOf(stopped: Stopped, reason: AttemptReport['reason'] | undefined = 'network'): CallReport {
  return {
    id: 'a',
    method: 'POST',
    url: 'http://service.test/',
    endpoint: undefined,
    scope: undefined,
    idempotencyKey: 'k',
    vouched: true,
    startedAt: NOW,
    duration: 1,
    delivery: 'unknown',
    stopped,
    attempts: reason === undefined ? [] : [attempt(reason)],
  };
}

const unsent = (stopped: Stopped): CallReport => ({ ...reportOf(stopped), attempts: [] });
const later = (seconds: number) =>
  new Response(null, { status: 503, headers: { 'retry-after': `${seconds}` } });

describe('a call is over', () => {
  test.each<[string, Parameters<typeof judge>[0], ReturnType<typeof judge>]>([
    ['with a success', { response: new Response(), report: reportOf('success') }, { over: 'done' }],
    [
      'with an answer that will not change',
      { response: new Response(null, { status: 422 }), report: reportOf('final-status', 'status') },
      { over: 'refused', why: 'final-status' },
    ],
    [
      'where a repeat is not safe',
      { error: new Error('reset'), report: reportOf('unsafe') },
      { over: 'refused', why: 'unsafe' },
    ],
    [
      'where the client refused it before there was a call',
      { error: new TypeError('no URL'), report: undefined },
      { over: 'refused', why: 'invalid' },
    ],
    [
      'where retry.when said no to an answer',
      { response: new Response(null, { status: 500 }), report: reportOf('policy', 'status') },
      { over: 'refused', why: 'policy' },
    ],
    [
      'where the request can never be made',
      { error: new TypeError('bad header'), report: reportOf('policy', 'invalid') },
      { over: 'refused', why: 'invalid' },
    ],
  ])('%s', (_when, sent, verdict) => {
    expect(judge(sent, NOW)).toEqual(verdict);
  });
});

describe('a call is sent again', () => {
  test.each<Stopped>(['attempts', 'deadline', 'budget', 'breaker', 'limit', 'aborted', 'body'])(
    'after %s; without an attempt that was no try',
    (stopped) => {
      const error = new Error('no answer');
      const again = { over: false, why: stopped, wait: 0 };
      expect(judge({ error, report: reportOf(stopped) }, NOW)).toEqual({ ...again, counts: true });
      expect(judge({ error, report: unsent(stopped) }, NOW)).toEqual({ ...again, counts: false });
    },
  );

  test('no sooner than the answer asks, however long that is', () => {
    const verdict = { over: false, why: 'policy', wait: 7_200_000, counts: true };
    expect(judge({ response: later(7_200), report: reportOf('policy', 'status') }, NOW)).toEqual(verdict);
  });

  test('no sooner than the breaker lets it', () => {
    const error = Object.assign(new Error('open'), { retryAt: NOW + 1_500 });
    const verdict = { over: false, why: 'breaker', wait: 1_500, counts: false };
    expect(judge({ error, report: unsent('breaker') }, NOW)).toEqual(verdict);
    expect(judge({ error, report: unsent('breaker') }, NOW + 9_000)).toEqual({ ...verdict, wait: 0 });
  });

  test('after an error of the network, even where retry.when said no to it', () => {
    const sent = { error: new Error('certificate'), report: reportOf('policy') };
    expect(judge(sent, NOW)).toEqual({ over: false, why: 'policy', wait: 0, counts: true });
  });
});
