import { colour } from '../../src/tools/palette.ts';
import { axis, heading, svgChart } from '../../src/tools/svg-chart.ts';
import type { Result } from './result.ts';
import { STEADFETCH } from './steadfetch.ts';

const OURS = { GET: colour('ours'), POST: colour('oursToo') } as const;
const OTHERS = { GET: colour('others'), POST: colour('othersToo') } as const;

/** The data of a bar. */
type Drawn = Pick<Result, 'setting'> & {
  readonly lines: readonly { readonly name: string; readonly ratio: { readonly median: number } }[];
};

/** CPU per call, relative to the base, as an SVG: one bar for each row and method. */
export async function chartOf(results: readonly Drawn[], caption: string): Promise<string> {
  const names = results[0]?.lines.map(({ name }) => name) ?? [];
  const svg = await svgChart(860, 150 + names.length * 38, {
    title: heading(findingOf(results), caption),
    legend: {
      right: 16,
      top: 34,
      textStyle: { color: colour('text') },
      data: results.map(({ setting }) => setting.method),
    },
    grid: { left: 270, right: 50, top: 76, bottom: 54 },
    xAxis: {
      ...axis('CPU per call, relative to undici.fetch + AbortSignal.timeout (less is better)', 30),
      type: 'value',
      axisLabel: { formatter: '{value} ×', color: colour('text') },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names,
      axisTick: { show: false },
      axisLabel: { width: 250, overflow: 'truncate', color: colour('text') },
    },
    series: results.map(({ setting: { method }, lines }, at) => ({
      name: method,
      type: 'bar',
      color: OTHERS[method],
      barGap: '10%',
      // At the foot of the bars, away from the line at 1 ×.
      label: {
        show: true,
        position: 'insideLeft',
        fontSize: 11,
        color: colour('inside'),
        formatter: ({ value }) => Number(value).toFixed(2),
      },
      data: lines.map(({ name, ratio }) => ({
        value: Number(ratio.median.toFixed(2)),
        ...(name.startsWith(STEADFETCH) && { itemStyle: { color: OURS[method] } }),
      })),
      ...(at === 0 && {
        markLine: {
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: colour('sends'), type: 'dashed' },
          data: [{ xAxis: 1 }],
        },
      }),
    })),
  });
  return `${svg}\n`;
}

/** The finding, as the chart's title. */
function findingOf(results: readonly Drawn[]): string {
  const costs = results.flatMap(({ setting: { method }, lines }) => {
    const ours = lines.find(({ name }) => name === STEADFETCH);
    return ours === undefined ? [] : [`${method} ${ours.ratio.median.toFixed(2)} ×`];
  });
  return `steadfetch, next to undici.fetch with a timeout: ${costs.join(', ')} the CPU`;
}
