import { expect, test } from 'vitest';
import { Lull } from '../../src/guard/lull.ts';

/** Calls that begin `interval` milliseconds after each other, and take `duration`. @returns when the last one came */
function calls(lull: Lull, interval: number, duration: number, from: number, count: number): number {
  let at = from;
  for (let i = 0; i < count; i++) {
    at += interval;
    lull.came(at);
    lull.sent(at);
    lull.settled(at + duration);
  }
  return at;
}

test('it is one when nothing was sent for ten usual gaps', () => {
  const lull = new Lull();
  const last = calls(lull, 1_000, 200, 0, 30);
  expect(lull.from).toBeCloseTo(last + 10 * 800, -1);
});

test('it takes some time, however fast calls come', () => {
  const lull = new Lull();
  const last = calls(lull, 1, 0, 0, 1_000);
  expect(lull.from).toBe(last + 25);
});

test('of a client that made a few calls nobody knows what is usual', () => {
  const lull = new Lull();
  const last = calls(lull, 1_000, 20, 0, 4);
  expect(lull.from).toBe(Number.POSITIVE_INFINITY);
  calls(lull, 1_000, 20, last, 1);
  expect(lull.from).toBeLessThan(Number.POSITIVE_INFINITY);
});

test('but three calls that follow each other at once are enough to see a worker', () => {
  const lull = new Lull();
  calls(lull, 20, 20, 0, 2);
  expect(lull.from).toBe(Number.POSITIVE_INFINITY);
  const last = calls(lull, 20, 20, 40, 1);
  expect(lull.from).toBe(last + 25);
});

test('a worker that makes one call after another leaves no gap, however long a call takes', () => {
  const lull = new Lull();
  calls(lull, 20, 20, 0, 50);
  const last = calls(lull, 30_000, 30_000, 1_020 - 30_000, 5);
  expect(lull.from).toBe(last + 25);
});

test('calls that become rare are noticed', () => {
  const lull = new Lull();
  const last = calls(lull, 1_000, 0, calls(lull, 20, 20, 0, 100), 30);
  expect(lull.from - last).toBeGreaterThan(9_900);
});

test('a pause between two batches is no usual gap', () => {
  const lull = new Lull();
  const last = calls(lull, 60_000, 20, calls(lull, 20, 20, 0, 100), 1);
  expect(lull.from - last).toBeLessThan(100);
});

test('a call that waited and was given up leaves no gap before the next one of its caller', () => {
  const lull = new Lull();
  const last = calls(lull, 20, 20, 0, 50);
  for (let i = 1; i <= 10; i++) {
    lull.settled(last + i * 10_000);
    lull.came(last + i * 10_000);
  }
  lull.sent(last + 100_000);
  expect(lull.from).toBe(last + 100_025);
});
