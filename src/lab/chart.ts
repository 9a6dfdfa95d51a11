import { colour } from '../tools/palette.ts';
import { axis, heading, svgChart } from '../tools/svg-chart.ts';
import type { Outcome } from './outcome.ts';

const NAMES = {
  calls: 'calls offered',
  sends: 'requests sent',
  good: 'calls that end well',
  open: 'open breakers',
} as const;

/** Parts of a chart beside the lines. */
export interface ChartOptions {
  /** The top of the axis. Charts that are compared have the same. */
  readonly ceiling?: number;
  /** The seconds from and to which there is trouble, and its name. */
  readonly trouble?: { readonly from: number; readonly to: number; readonly name: string };
}

/**
 * Draws an outcome over time, as an SVG. Needs the package `echarts`.
 *
 * @param title the finding
 * @param outcome such as the `worst` of a `Forecast`
 * @param options the top of the axis, and when there was trouble
 * @example await writeFile('storm.svg', await chartOf(verdict, worst));
 */
export async function chartOf(
  title: string,
  outcome: Outcome,
  { ceiling, trouble }: ChartOptions = {},
): Promise<string> {
  const seconds = outcome.calls.length;
  const series = (['calls', 'sends', 'good', 'open'] as const).map((name) => ({
    name: NAMES[name],
    type: 'line' as const,
    data: outcome[name].slice(0, seconds).map((value, second) => [second, value]),
    yAxisIndex: name === 'open' ? 1 : 0,
    step: name === 'open' ? ('end' as const) : (false as const),
    showSymbol: false,
    lineStyle: {
      width: name === 'calls' ? 1.5 : 2,
      type: name === 'calls' ? ('dashed' as const) : ('solid' as const),
    },
    itemStyle: { color: colour(name) },
    ...(name === 'open' && { areaStyle: { opacity: 0.15 } }),
    ...(name === 'calls' &&
      trouble !== undefined && {
        markArea: {
          silent: true,
          itemStyle: { color: colour('trouble') },
          label: { color: colour('text'), fontSize: 11, position: 'insideTop' as const },
          data: [[{ name: trouble.name, xAxis: trouble.from }, { xAxis: trouble.to }]] as never,
        },
      }),
  }));
  return svgChart(720, 320, {
    title: heading(title),
    legend: {
      bottom: 4,
      itemHeight: 8,
      itemGap: 28,
      textStyle: { fontSize: 11, color: colour('text') },
      data: Object.values(NAMES),
    },
    grid: { left: 60, right: 60, top: 44, bottom: 78 },
    xAxis: { ...axis('seconds', 24), type: 'value', max: seconds },
    yAxis: [
      { ...axis('per second', 40), type: 'value', ...(ceiling !== undefined && { max: ceiling }) },
      { ...axis('open breakers', 36), type: 'value', min: 0, minInterval: 1, splitLine: { show: false } },
    ],
    series,
  });
}

const LEVELS = ' ▁▂▃▄▅▆▇█';

/** Draws an outcome in a terminal, one line for each series. */
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
