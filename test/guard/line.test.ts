import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Admission, type Host } from '../../src/guard/admission.ts';
import type { Refusal } from '../../src/guard/guard.ts';
import { Limit, QUEUE_FULL } from '../../src/guard/limit.ts';
import { Line } from '../../src/guard/line.ts';
import { systemRuntime } from '../../src/platform/runtime.ts';
import { departure } from './departure.ts';

const broken: Refusal = { by: 'breaker', until: 1_000, isFixed: true };

/** A limit, those who wait under it, and what became of each. */
function setup(concurrency: number, places = 1_000) {
  const limit = new Limit({ concurrency, queue: places });
  const line = new Line(systemRuntime);
  const inside: string[] = [];
  const told: string[] = [];
  const state: { trouble: Refusal | undefined } = { trouble: undefined };
  const enter = (name: string): Admission | Refusal => {
    const refusal = state.trouble ?? limit.refusal();
    if (refusal !== undefined) return refusal;
    inside.push(name);
    const host: Host = { left() {}, changed: () => line.pump() };
    return new Admission([limit], [limit.enter({ now: systemRuntime.now() })], '/', host);
  };
  const wait = (
    name: string,
    { priority = 0, patience = 10_000, signal = undefined as AbortSignal | undefined } = {},
  ) =>
    line
      .wait(
        {
          number: 1,
          isAfterTimeout: false,
          priority,
          until: systemRuntime.now() + patience,
          signal,
          isFree: () => true,
          isProbe: () => false,
          enter: () => enter(name),
        },
        places,
      )
      .then((answer) => {
        if (answer instanceof Admission) return;
        told.push(answer === QUEUE_FULL ? `${name}: full` : `${name}: ${answer?.by ?? 'in vain'}`);
      });
  const leave = () => {
    limit.leave(0, departure('success', systemRuntime.now()));
    line.pump();
  };
  return { limit, line, inside, told, state, enter, wait, leave };
}

describe('a line', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  test('lets in who came first, as places come free', async () => {
    const { inside, line, enter, wait, leave } = setup(1);
    enter('inside');
    for (const name of ['a', 'b', 'c']) void wait(name);
    expect([inside, line.size]).toEqual([['inside'], 3]);
    leave();
    leave();
    expect([inside, line.size]).toEqual([['inside', 'a', 'b'], 1]);
  });

  test('lets in the higher priority first, and of one priority who came first', () => {
    const { inside, enter, wait, leave } = setup(1);
    enter('inside');
    void wait('low', { priority: -1 });
    void wait('a');
    void wait('high', { priority: 1 });
    void wait('b');
    void wait('high too', { priority: 1 });
    for (let i = 0; i < 5; i++) leave();
    expect(inside.slice(1)).toEqual(['high', 'high too', 'a', 'b', 'low']);
  });

  test('turns away who finds no place; a higher priority takes the place of the last of the lowest', async () => {
    const { told, inside, enter, wait, leave } = setup(1, 2);
    enter('inside');
    void wait('low a', { priority: -1 });
    void wait('low b', { priority: -1 });
    void wait('low c', { priority: -1 });
    void wait('high', { priority: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['low c: full', 'low b: full']);
    leave();
    leave();
    expect(inside).toEqual(['inside', 'high', 'low a']);
  });

  test('lets an aborted call go at once', async () => {
    const { told, line, enter, wait } = setup(1);
    enter('inside');
    const controller = new AbortController();
    void wait('aborted', { signal: controller.signal });
    controller.abort();
    expect(line.size).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['aborted: in vain']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('sends those away whose patience is over, wherever they stand', async () => {
    const { told, enter, wait } = setup(1);
    enter('inside');
    void wait('patient', { patience: 5_000 });
    void wait('hasty', { patience: 1_000 });
    void wait('late', { patience: 0 });
    await vi.advanceTimersByTimeAsync(1_030);
    expect(told).toEqual(['late: in vain', 'hasty: in vain']);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(told).toEqual(['late: in vain', 'hasty: in vain', 'patient: in vain']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('hands back whom another guard refuses by now, and does not hold up the others', async () => {
    const { told, line, state, enter, wait, leave } = setup(1);
    enter('inside');
    void wait('a');
    void wait('b');
    state.trouble = broken;
    leave();
    await vi.advanceTimersByTimeAsync(0);
    expect([told, line.size]).toEqual([['a: breaker', 'b: breaker'], 0]);
  });

  test('whatever comes and goes: never more inside than may be, no place stays free, and nobody is lost', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('come' as const), priority: fc.integer({ min: -1, max: 1 }) }),
      fc.record({ kind: fc.constant('leave' as const) }),
      fc.record({ kind: fc.constant('abort' as const), who: fc.nat(20) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.nat(5),
        fc.array(step, { maxLength: 60 }),
        async (concurrency, places, steps) => {
          const { limit, line, inside, told, enter, wait, leave } = setup(concurrency, places);
          const controllers: AbortController[] = [];
          let came = 0;
          let left = 0;
          const underWay = () => inside.length - left;
          for (const one of steps) {
            if (one.kind === 'come') {
              const controller = new AbortController();
              controllers.push(controller);
              const name = `${came++}`;
              if (!(enter(name) instanceof Admission)) {
                void wait(name, { priority: one.priority, signal: controller.signal });
              }
            } else if (one.kind === 'abort') {
              controllers[one.who]?.abort();
            } else if (underWay() > 0) {
              left += 1;
              leave();
            }
            expect(underWay()).toBeLessThanOrEqual(concurrency);
            expect(line.size).toBeLessThanOrEqual(places);
            if (line.size > 0) expect(underWay()).toBe(concurrency);
            expect(limit.refusal() === undefined).toBe(underWay() < concurrency);
          }
          await vi.advanceTimersByTimeAsync(0);
          expect(inside.length + told.length + line.size).toBe(came);
          await vi.advanceTimersByTimeAsync(20_000);
          expect([line.size, vi.getTimerCount()]).toEqual([0, 0]);
        },
      ),
    );
  });
});
