import { BASE } from './bare.ts';
import { MAIN_CONCURRENCY } from './comparisons.ts';
import type { ImportCost } from './imports.ts';
import { INTERCEPTED, REQUEST } from './interceptor.ts';
import { ADDED } from './paths.ts';
import { peers } from './peers.ts';
import { differences, type Result, ratios, roundsOf } from './result.ts';
import { median } from './statistics.ts';
import { STEADFETCH } from './steadfetch.ts';
import type { Table } from './table.ts';

interface Goal {
  readonly text: string;
  readonly limit: number;
  readonly unit: string;
  /** NaN: not measured. */
  readonly value: number;
}

/** The goals and the results. A goal without any measurement is left out. */
export function goalTable(results: readonly Result[], imports: readonly ImportCost[]): Table {
  const goals = [
    ...results.filter(isMain).flatMap(ratioGoals),
    ...results.filter(({ comparison }) => comparison.id === 'interceptor').map(interceptorGoal),
    ...addedGoals(results.find(({ comparison }) => comparison.id === 'added')),
    importGoal(imports),
  ];
  return {
    title: 'Goals (medians of the rounds)',
    head: ['', 'at most', 'measured', 'reached'],
    rows: goals
      .filter(({ value }) => !Number.isNaN(value))
      .map(({ text, limit, unit, value }) => [
        text,
        `${limit.toFixed(2)}${unit}`,
        `${value.toFixed(2)}${unit}`,
        value <= limit ? 'yes' : 'no',
      ]),
  };
}

/** Whether the goals and the chart are about this result. */
export function isMain({ comparison, setting }: Result): boolean {
  return comparison.id === 'success' && setting.concurrency === MAIN_CONCURRENCY;
}

function ratioGoals(result: Result): Goal[] {
  const to = (name: string) => median(ratios(roundsOf(result, STEADFETCH), roundsOf(result, name)));
  const toPeers = peers.map(({ name }) => to(name)).filter((ratio) => !Number.isNaN(ratio));
  const toLeanest = toPeers.length === 0 ? Number.NaN : Math.max(...toPeers);
  const goals = [
    { other: BASE, limit: 1.05, value: to(BASE) },
    { other: 'the built-in fetch', limit: 1, value: to('built-in fetch') },
    { other: 'the leanest peer', limit: 1, value: toLeanest },
  ];
  return goals.map(({ other, limit, value }) => {
    return { text: `${result.setting.method}: CPU, to ${other}`, limit, unit: '', value };
  });
}

function interceptorGoal(result: Result): Goal {
  const value = median(ratios(roundsOf(result, INTERCEPTED), roundsOf(result, REQUEST)));
  return { text: `${result.setting.method}: CPU, ${INTERCEPTED} to bare`, limit: 1.25, unit: '', value };
}

function addedGoals(result: Result | undefined): Goal[] {
  const more = (name: string, base: string) =>
    median(differences(roundsOf(result, name), roundsOf(result, base)));
  return [
    { text: '1,000 endpoint rules add', limit: 2, unit: ' µs', value: more(ADDED.rules, ADDED.urls) },
    {
      text: 'a listener on every event adds',
      limit: 1.5,
      unit: ' µs',
      value: more(ADDED.listeners, ADDED.plain),
    },
    {
      text: 'OpenTelemetry spans and metrics add',
      limit: 10,
      unit: ' µs',
      value: more(ADDED.telemetry, ADDED.plain),
    },
  ];
}

function importGoal(imports: readonly ImportCost[]): Goal {
  const value = imports.find(({ name }) => name === 'steadfetch')?.ratio.median ?? Number.NaN;
  return { text: 'import, to that of undici', limit: 1.3, unit: '', value };
}
