import { beforeAll, describe, expect, test } from 'vitest';
import { goesOnce } from './bodies.ts';
import { CaseRunner } from './case-runner.ts';
import { hasKey, isIdempotent, isSilent, nameOf } from './fault-case.ts';
import { titles } from './invariants.ts';
import { everyInjectedFault, pairwise } from './matrix.ts';
import type { Observation } from './observation.ts';

const results: { readonly seen: Observation; readonly broken: readonly string[] }[] = [];
let left: readonly string[];

beforeAll(async () => {
  const runner = new CaseRunner(32);
  await runner.run(pairwise(), (seen, broken) => results.push({ seen, broken }));
  left = await runner.close();
}, 120_000);

/** The ways in which a promise was broken, each with its case. */
const broken = (title: string) =>
  results.flatMap(({ seen, broken }) =>
    broken
      .filter((how) => how.startsWith(title))
      .map((how) => ({ how, faultCase: JSON.stringify(seen.faultCase) })),
  );

/** No case here aborts. Random cases and test/call/abort.test.ts check that promise. */
const promises = titles.filter((title) => title !== 'an abort ends the call at once');

describe('whatever goes wrong, with whichever method, body, key and buffer', () => {
  test.each([...promises, 'every call has a key of its own'])('%s', (title) => {
    expect(broken(title)).toEqual([]);
  });

  test('no timer, no listener, no warning and no unhandled rejection is left', () => {
    expect(left).toEqual([]);
  });

  test('a call that may be repeated succeeds in spite of every transient fault', () => {
    const lost = results
      .filter(({ seen: { faultCase } }) => {
        const passes = !faultCase.faults.some((fault) => isSilent(fault) || fault.kind === 'garbage');
        const repeatable = (isIdempotent(faultCase) || hasKey(faultCase)) && !goesOnce(faultCase.body);
        return passes && repeatable && faultCase.buffer !== false;
      })
      .filter(({ seen }) => seen.report?.stopped !== 'success' && seen.answer?.status !== 404);
    expect(lost.map(({ seen }) => [seen.report, seen.faultCase])).toEqual([]);
  });

  test('a peer that does not speak HTTP is not asked again', () => {
    const nonsense = results.filter(({ seen: { injected } }) =>
      injected.some((fault) => fault.kind === 'garbage' && fault.where === 'status-line'),
    );
    expect(nonsense).toHaveLength(20);
    for (const { seen } of nonsense) {
      expect(seen.report).toMatchObject({ stopped: 'policy', attempts: [{ reason: 'network' }] });
    }
  });
});

describe('the matrix', () => {
  test('ran each case, and injected each fault', () => {
    expect(results).toHaveLength(everyInjectedFault.length * 20);
    const injected = new Set(results.flatMap(({ seen }) => seen.injected.map(nameOf)));
    expect(everyInjectedFault.map(nameOf).filter((name) => !injected.has(name))).toEqual([]);
  });

  test('pairs every fault with every request and every mode, and every request with every mode', () => {
    const all = [...pairwise()];
    const distinct = (...by: ((faultCase: (typeof all)[number]) => unknown)[]) =>
      new Set(all.map((faultCase) => JSON.stringify(by.map((part) => part(faultCase))))).size;
    const fault = ({ faults: [first] }: (typeof all)[number]) => first;
    const request = ({ method, body }: (typeof all)[number]) => [method, body];
    const mode = ({ key, buffer, faults }: (typeof all)[number]) => [key, buffer, faults.length];
    expect(distinct(fault, request)).toBe(everyInjectedFault.length * 20);
    expect(distinct(fault, mode)).toBe(everyInjectedFault.length * 12);
    expect(distinct(request, mode)).toBe(20 * 12);
  });
});
