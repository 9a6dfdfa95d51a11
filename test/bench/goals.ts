import { BASE } from './bare.ts';
import { MAIN_CONCURRENCY } from './comparisons.ts';
import type { DownloadCost } from './download.ts';
import type { ImportCost } from './imports.ts';
import { INTERCEPTED, REQUEST } from './interceptor.ts';
import { ADDED, BARE_TWICE } from './paths.ts';
import { peers } from './peers.ts';
import { differences, type Line, type Result, ratios, roundsOf } from './result.ts';
import { median } from './statistics.ts';
import { STEADFETCH } from './steadfetch.ts';
import type { Table } from './table.ts';
import { TIMES } from './telemetry.ts';

interface Goal {
  readonly text: string;
  readonly limit: number;
  readonly unit: string;
  /** NaN: not measured. */
  readonly value: number;
}

/** The goals and the results. A goal without any measurement is left out. */
export function goalTable(
  results: readonly Result[],
  downloads: readonly DownloadCost[],
  imports: readonly ImportCost[],
): Table {
  const goals = [
    ...results.filter(isMain).flatMap(ratioGoals),
    ...results.filter(isAlone).map(wallGoal),
    ...results.filter(isMain).map(heapGoal),
    ...results.filter(({ comparison }) => comparison.id === 'interceptor').map(interceptorGoal),
    ...results.filter(({ comparison }) => comparison.id === 'retry').map(retryGoal),
    ...downloadGoals(downloads),
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

/** One call after the other. */
function isAlone({ comparison, setting }: Result): boolean {
  return comparison.id === 'success' && setting.concurrency === 1;
}

function ratioGoals(result: Result): Goal[] {
  const to = (name: string) => median(ratios(roundsOf(result, STEADFETCH), roundsOf(result, name)));
  const toPeers = peers.map(({ name }) => to(name)).filter((ratio) => !Number.isNaN(ratio));
  const toLeanest = toPeers.length === 0 ? Number.NaN : Math.max(...toPeers);
  const goals = [
    { other: BASE, limit: 0.4, value: to(BASE) },
    { other: REQUEST, limit: 1, value: to(REQUEST) },
    { other: 'the built-in fetch', limit: 1, value: to('built-in fetch') },
    { other: 'the leanest peer', limit: 1, value: toLeanest },
  ];
  return goals.map(({ other, limit, value }) => {
    return { text: `${result.setting.method}: CPU, to ${other}`, limit, unit: '', value };
  });
}

function lineOf({ lines }: Result, name: string): Line | undefined {
  return lines.find((line) => line.name === name);
}

function wallGoal(result: Result): Goal {
  const walls = (name: string) => lineOf(result, name)?.walls ?? [];
  const value = median(ratios(walls(STEADFETCH), walls('undici.fetch')));
  return {
    text: `${result.setting.method}, one at a time: time, to undici.fetch`,
    limit: 1,
    unit: '',
    value,
  };
}

function heapGoal(result: Result): Goal {
  const bytes = (name: string) => lineOf(result, name)?.bytes ?? Number.NaN;
  const value = bytes(STEADFETCH) / bytes('undici.fetch');
  return { text: `${result.setting.method}: heap, to undici.fetch`, limit: 0.5, unit: '', value };
}

function retryGoal(result: Result): Goal {
  const value = median(ratios(roundsOf(result, STEADFETCH), roundsOf(result, BARE_TWICE)));
  return {
    text: `${result.setting.method}: CPU of a call with one retry, to ${BARE_TWICE}`,
    limit: 1.15,
    unit: '',
    value,
  };
}

function downloadGoals(downloads: readonly DownloadCost[]): Goal[] {
  const ours = downloads.find(({ name }) => name === STEADFETCH);
  if (ours === undefined) return [];
  const growth = ours.growth.median / 2 ** 20;
  return [
    { text: 'a download by its stream: time, to undici.fetch', limit: 1, unit: '', value: ours.ratio.median },
    {
      text: 'a download by its stream: memory, second half more than first',
      limit: 16,
      unit: ' MiB',
      value: growth,
    },
  ];
}

function interceptorGoal(result: Result): Goal {
  const value = median(ratios(roundsOf(result, INTERCEPTED), roundsOf(result, REQUEST)));
  return { text: `${result.setting.method}: CPU, ${INTERCEPTED} to bare`, limit: 1.15, unit: '', value };
}

function addedGoals(result: Result | undefined): Goal[] {
  const more = (name: string, base: string) =>
    median(differences(roundsOf(result, name), roundsOf(result, base)));
  return [
    { text: '1,000 endpoint rules add', limit: 2, unit: ' µs', value: more(ADDED.rules, ADDED.urls) },
    {
      text: 'nobody listening adds',
      limit: 0.2,
      unit: ' µs',
      value: more(ADDED.asked, ADDED.plain) / TIMES,
    },
    {
      text: 'a listener on every event adds',
      limit: 1.5,
      unit: ' µs',
      value: more(ADDED.listeners, ADDED.plain),
    },
    {
      text: `OpenTelemetry spans and metrics add (its SDK alone: ${more(ADDED.sdk, ADDED.plain).toFixed(1)} µs)`,
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
