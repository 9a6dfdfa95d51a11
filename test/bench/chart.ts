import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Result } from './result.ts';
import { STEADFETCH } from './steadfetch.ts';

const OURS: Record<string, string> = { GET: '#0d7d6c', POST: '#58b8a6' };
const OTHERS: Record<string, string> = { GET: '#5b6778', POST: '#a3adba' };

/** CPU per call, relative to the base, as an SVG: one bar for each row and method. */
export function chartOf(results: readonly Result[], caption: string): string {
  use([BarChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);
  const names = results[0]?.lines.map(({ name }) => name) ?? [];
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 860, height: 130 + names.length * 38 });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
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
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
