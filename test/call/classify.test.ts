import { expect, test } from 'vitest';
import { judgeError, judgeResponse } from '../../src/call/classify.ts';
import { TimeoutError } from '../../src/model/errors.ts';
import type { Policy } from '../../src/model/options.ts';
import { compilePolicies } from '../support/compile-policies.ts';

const policy = (over: Policy = {}) => compilePolicies(over).base;
const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });
const onTheWire = {
  send: () => Promise.reject(new Error()),
  sent: true,
  status: undefined,
  fault: 'network',
} as const;
const coded = (code: string) =>
  new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });

test.each([200, 204, 301, 304, 399])('%i is a success', (status) => {
  expect(judgeResponse(answer(status), policy(), false)).toEqual({
    reason: 'success',
    outcome: 'success',
    stopped: 'success',
  });
});

test.each([400, 401, 404, 422])('%i is final, and the dependency is well', (status) => {
  expect(judgeResponse(answer(status), policy(), false)).toEqual({
    reason: 'final-status',
    outcome: 'success',
    stopped: 'final-status',
  });
});

test.each([501, 505])('%i is final, and counts against the dependency', (status) => {
  expect(judgeResponse(answer(status), policy(), false)).toEqual({
    reason: 'final-status',
    outcome: 'failure',
    stopped: 'final-status',
  });
});

test.each([
  [408, 'success'],
  [425, 'success'],
  [429, 'success'],
  [500, 'failure'],
  [502, 'failure'],
  [503, 'failure'],
  [504, 'failure'],
  [529, 'failure'],
])('%i is worth another attempt, and a %s to the breaker', (status, outcome) => {
  expect(judgeResponse(answer(status), policy(), false)).toEqual({
    reason: 'status',
    outcome,
    stopped: undefined,
  });
});

test('retry.statuses decides which those are', () => {
  const only = policy({ retry: { statuses: [404] } });
  expect(judgeResponse(answer(404), only, false).stopped).toBeUndefined();
  expect(judgeResponse(answer(503), only, false).stopped).toBe('final-status');
});

test('with a key, 409 is asked again and 422 is final, whatever retry.statuses says; without one they are not special', () => {
  const also = policy({ retry: { statuses: [422] } });
  expect(judgeResponse(answer(409), also, true).stopped).toBeUndefined();
  expect(judgeResponse(answer(422), also, true).stopped).toBe('final-status');
  expect(judgeResponse(answer(409), also, false).stopped).toBe('final-status');
  expect(judgeResponse(answer(422), also, false).stopped).toBeUndefined();
});

test('idempotency: false knows no such statuses', () => {
  expect(judgeResponse(answer(409), policy({ idempotency: false }), true).stopped).toBe('final-status');
});

test("the service's own word goes before every status rule, with a key or without", () => {
  const stripe = policy({ idempotency: 'stripe' });
  const header = 'stripe-should-retry';
  for (const keyed of [true, false]) {
    expect(judgeResponse(answer(400, { [header]: 'true' }), stripe, keyed).stopped).toBeUndefined();
    expect(judgeResponse(answer(503, { [header]: ' FALSE ' }), stripe, keyed).stopped).toBe('final-status');
    expect(judgeResponse(answer(503, { [header]: 'perhaps' }), stripe, keyed).stopped).toBeUndefined();
  }
  expect(judgeResponse(answer(200, { [header]: 'true' }), stripe, true).stopped).toBe('success');
});

test("the caller's abort ends the call and says nothing of the dependency, whatever else went wrong", () => {
  const aborted = { reason: 'aborted', outcome: 'ignored', stopped: 'aborted' };
  expect(judgeError(coded('ECONNRESET'), onTheWire, true)).toEqual(aborted);
  expect(judgeError(new TimeoutError('attempt', 1), onTheWire, true)).toEqual(aborted);
});

test.each(['attempt', 'idle'] as const)(
  'the %s clock: worth another attempt, counts against the dependency',
  (phase) => {
    expect(judgeError(new TimeoutError(phase, 1), onTheWire, false)).toEqual({
      reason: 'timeout',
      outcome: 'failure',
      stopped: undefined,
    });
  },
);

test('the total deadline ends the call, and says nothing of the dependency', () => {
  expect(judgeError(new TimeoutError('total', 1), onTheWire, false)).toEqual({
    reason: 'timeout',
    outcome: 'ignored',
    stopped: 'deadline',
  });
});

test('a TimeoutError of another copy of the package is recognised; one of anybody else is not', () => {
  const copy = Object.assign(new Error('x'), { code: 'ERR_STEADFETCH_TIMEOUT', phase: 'total' });
  expect(judgeError(copy, onTheWire, false).stopped).toBe('deadline');
  expect(judgeError(new DOMException('x', 'TimeoutError'), onTheWire, false).reason).toBe('network');
});

test('an error on the wire that may heal: worth another attempt, counts against the dependency', () => {
  expect(judgeError(coded('ECONNRESET'), onTheWire, false)).toEqual({
    reason: 'network',
    outcome: 'failure',
    stopped: undefined,
  });
});

test('an error on the wire that will not heal: the end, counts against the dependency', () => {
  expect(judgeError(coded('CERT_HAS_EXPIRED'), onTheWire, false)).toEqual({
    reason: 'network',
    outcome: 'failure',
    stopped: 'policy',
  });
});

const invalid = { reason: 'invalid', outcome: 'ignored', stopped: 'policy' };

test('an error on the wire that is a mistake on this side: the end, and no fault of the dependency', () => {
  expect(judgeError(coded('UND_ERR_INVALID_ARG'), onTheWire, false)).toEqual(invalid);
});

test('what never got to the wire is the end, and no fault of the dependency', () => {
  expect(judgeError(new TypeError('Invalid URL'), { ...onTheWire, fault: undefined }, false)).toEqual(
    invalid,
  );
});

test('a request body that threw is the end, and no fault of the dependency', () => {
  expect(judgeError(coded('ECONNRESET'), { ...onTheWire, fault: 'body' }, false)).toEqual({
    reason: 'body',
    outcome: 'ignored',
    stopped: 'body',
  });
});
