import { expect, test } from 'vitest';
import { Trouble } from '../../src/guard/trouble.ts';
import { departure } from './departure.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** An endpoint that has failed five times, for the first time at 1,000. */
function failing(): Trouble {
  const trouble = new Trouble();
  for (const now of [1_000, 2_000, 3_000, 4_000, 5_000]) trouble.ended(departure('failure', now));
  return trouble;
}

test('is as old as the first of five or more failures in a row, and ends with an answer', () => {
  const trouble = failing();
  expect(trouble.since('/')).toBe(1_000);
  trouble.ended(departure('success', 6_000));
  expect(trouble.since('/')).toBe(NEVER);
  for (let i = 0; i < 4; i++) trouble.ended(departure('failure', 7_000));
  expect(trouble.since('/')).toBe(NEVER);
  trouble.ended(departure('failure', 8_000));
  expect(trouble.since('/')).toBe(7_000);
});

test('is that of one endpoint: what others answer does not end it', () => {
  const trouble = failing();
  trouble.ended(departure('success', 6_000, { endpoint: '/well' }));
  expect([trouble.since('/'), trouble.since('/well')]).toEqual([1_000, NEVER]);
});

test('is not ended by a refusal that says nothing against the service, nor by an aborted call', () => {
  const trouble = failing();
  trouble.ended(departure('success', 6_000, { reason: 'status' }));
  trouble.ended(departure('ignored', 7_000));
  expect(trouble.since('/')).toBe(1_000);
});

test('is remembered of two hundred endpoints, however many fail', () => {
  const trouble = new Trouble();
  const names = Array.from({ length: 1_000 }, (_, i) => `/${i}`);
  for (const endpoint of names) {
    for (let i = 0; i < 5; i++) trouble.ended(departure('failure', i, { endpoint }));
  }
  expect(names.filter((name) => trouble.since(name) !== NEVER)).toHaveLength(200);
  expect(trouble.since('/999')).toBe(0);
});
