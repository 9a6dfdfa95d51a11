import { svgChart } from '../tools/svg-chart.ts';
import type { Outcome } from './outcome.ts';

/** A named colour for each line, the same in every chart. */
const COLOURS = { calls: '#9aa0a6', sends: '#d93025', good: '#188038', open: '#1a73e8' } as const;
const NAMES = {
  calls: 'calls wanted per second',
  sends: 'requests sent per second',
  good: 'calls that ended well',
  open: 'open breakers',
} as const;

/** What happened over time, as an SVG. Needs the package `echarts`. */
export async function chartOf(title: string, outcome: Outcome, ceiling?: number): Promise<string> {
  const seconds = outcome.calls.length;
  const series = (['calls', 'sends', 'good', 'open'] as const).map((name) => ({
    name: NAMES[name],
    type: 'line' as const,
    data: outcome[name].slice(0, seconds).map((value, second) => [second, value]),
    yAxisIndex: name === 'open' ? 1 : 0,
    step: name === 'open' ? ('end' as const) : (false as const),
    showSymbol: false,
    lineStyle: { width: name === 'calls' ? 1 : 2 },
    itemStyle: { color: COLOURS[name] },
    ...(name === 'open' && { areaStyle: { opacity: 0.12 } }),
  }));
  return svgChart(720, 300, {
    title: { text: title, left: 8, top: 4, textStyle: { fontSize: 14 } },
    legend: {
      bottom: 0,
      itemHeight: 8,
      itemGap: 28,
      textStyle: { fontSize: 11 },
      data: Object.values(NAMES),
    },
    grid: { left: 48, right: 48, top: 40, bottom: 56 },
    xAxis: { type: 'value', max: seconds, name: 's', nameGap: 4 },
    yAxis: [
      { type: 'value', ...(ceiling !== undefined && { max: ceiling }) },
      { type: 'value', min: 0, minInterval: 1, splitLine: { show: false } },
    ],
    series,
  });
}

const LEVELS = ' ▁▂▃▄▅▆▇█';

/** The same in a terminal, a line for each series. */
export function sparklinesOf(outcome: Outcome): string {
  const seconds = outcome.calls.length;
  const top = Math.max(1, ...outcome.calls, ...outcome.sends);
  return (['calls', 'sends', 'good', 'open'] as const)
    .map((name) => {
      const highest = name === 'open' ? Math.max(1, ...outcome.open) : top;
      const bars = outcome[name]
        .slice(0, seconds)
        .map((value) => LEVELS[Math.ceil((value / highest) * (LEVELS.length - 1))]);
      return `${NAMES[name].padEnd(25)}${bars.join('')}  (top ${Math.round(highest)})`;
    })
    .join('\n');
}
