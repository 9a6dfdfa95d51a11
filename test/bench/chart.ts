import { svgChart } from '../../src/tools/svg-chart.ts';
import type { Result } from './result.ts';
import { STEADFETCH } from './steadfetch.ts';

const OURS = { GET: '#0d7d6c', POST: '#58b8a6' } as const;
const OTHERS = { GET: '#5b6778', POST: '#a3adba' } as const;

/** CPU per call, relative to the base, as an SVG: one bar for each row and method. */
export async function chartOf(results: readonly Result[], caption: string): Promise<string> {
  const names = results[0]?.lines.map(({ name }) => name) ?? [];
  const svg = await svgChart(860, 130 + names.length * 38, {
    textStyle: { fontFamily: 'system-ui, sans-serif', color: '#1f2733' },
    title: {
      text: 'CPU per call, relative to undici.fetch + AbortSignal.timeout (less is better)',
      subtext: caption,
      textStyle: { fontSize: 15 },
      left: 12,
      top: 8,
    },
    legend: { right: 16, top: 34, data: results.map(({ setting }) => setting.method) },
    grid: { left: 270, right: 50, top: 76, bottom: 34 },
    xAxis: { type: 'value', axisLabel: { formatter: '{value} ×' } },
    yAxis: {
      type: 'category',
      inverse: true,
      data: names,
      axisTick: { show: false },
      axisLabel: { width: 250, overflow: 'truncate' },
    },
    series: results.map(({ setting: { method }, lines }, at) => ({
      name: method,
      type: 'bar',
      color: OTHERS[method],
      barGap: '10%',
      label: { show: true, position: 'right', fontSize: 11, formatter: '{c}' },
      data: lines.map(({ name, ratio }) => ({
        value: Number(ratio.median.toFixed(2)),
        ...(name.startsWith(STEADFETCH) && { itemStyle: { color: OURS[method] } }),
      })),
      ...(at === 0 && {
        markLine: {
          symbol: 'none',
          label: { show: false },
          lineStyle: { color: '#c43d3d', type: 'dashed' },
          data: [{ xAxis: 1 }],
        },
      }),
    })),
  });
  return `${svg}\n`;
}
