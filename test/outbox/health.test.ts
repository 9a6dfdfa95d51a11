import { expect, test } from 'vitest';
import { Health } from '../../src/outbox/health.ts';

/** A call fails while others are answered. @returns whether that says something about the destination */
function failsAlone(health: Health, call: string): boolean {
  const tells = health.failed(call);
  health.answered('another');
  return tells;
}

test('three calls in a row without an answer say that a destination of which nothing is known is down', () => {
  const health = new Health();
  health.failed('a');
  health.failed('b');
  expect(health.isDown).toBe(false);
  health.failed('c');
  expect(health.isDown).toBe(true);
  health.answered('d');
  expect(health.isDown).toBe(false);
});

test('one call that fails again and again says nothing about its destination', () => {
  const health = new Health();
  for (let n = 0; n < 10; n++) health.failed('poison');
  expect(health.isDown).toBe(false);
  health.answered('another');
  expect([1, 2, 3].map(() => failsAlone(health, 'poison'))).toEqual([true, true, false]);
});

test('where many calls fail by chance, more of them in a row are needed', () => {
  const health = new Health();
  for (let n = 0; n < 100; n++) {
    if (n % 4 === 0) health.failed(`failed-${n}`);
    else health.answered(`answered-${n}`);
  }
  for (let n = 0; n < 9; n++) health.failed(`now-${n}`);
  expect(health.isDown).toBe(false);
  health.failed('now-10');
  expect(health.isDown).toBe(true);
});

test('a thousand calls that failed are remembered, the latest: with one more the oldest is as new', () => {
  const health = new Health();
  for (let n = 0; n < 3; n++) failsAlone(health, 'first');
  for (let n = 0; n < 999; n++) failsAlone(health, `other-${n}`);
  expect(failsAlone(health, 'first')).toBe(false);
  for (let n = 999; n < 1_999; n++) failsAlone(health, `other-${n}`);
  expect(failsAlone(health, 'first')).toBe(true);
});
