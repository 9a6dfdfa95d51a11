import { LineChart, type LineSeriesOption } from 'echarts/charts';
import { GridComponent, MarkAreaComponent } from 'echarts/components';
import { type ECharts, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Outcome } from '../../../../src/lab/outcome.ts';

use([LineChart, GridComponent, MarkAreaComponent, SVGRenderer]);

/** The lines of a chart. The page's style has their colours. */
export const lines = [
  { name: 'calls', label: 'calls offered', dash: 'dashed' },
  { name: 'sends', label: 'requests sent', dash: 'solid' },
  { name: 'good', label: 'calls that end well', dash: 'solid' },
  { name: 'open', label: 'open breakers', dash: 'solid' },
] as const;

export interface Frame {
  readonly outcome: Outcome;
  /** The number of seconds that are over, of `duration`. */
  readonly seconds: number;
  readonly duration: number;
  /** The top of the axis, the same for every client, so that the charts can be compared. */
  readonly ceiling: number;
  readonly processes: number;
  /** The seconds from and to which there is trouble. */
  readonly trouble: readonly [number, number];
}

export function start(element: HTMLElement): ECharts {
  return init(element, null, { renderer: 'svg' });
}

export function draw(chart: ECharts, frame: Frame): void {
  const { duration, ceiling, processes, trouble } = frame;
  const colour = (name: string) => getComputedStyle(chart.getDom()).getPropertyValue(`--lab-${name}`).trim();
  const axis = {
    axisLabel: { color: colour('text'), fontSize: 11 },
    nameTextStyle: { color: colour('text'), fontSize: 11 },
    axisLine: { lineStyle: { color: colour('line') } },
    splitLine: { lineStyle: { color: colour('line') } },
  };
  const series = lines.map(({ name, dash }): LineSeriesOption => {
    const values = frame.outcome[name].slice(0, frame.seconds);
    return {
      type: 'line',
      data: values.map((value, second) => [second, value]),
      yAxisIndex: name === 'open' ? 1 : 0,
      showSymbol: false,
      lineStyle: { width: name === 'calls' ? 1.5 : 2, type: dash, color: colour(name) },
      ...(name === 'open' && { step: 'end', areaStyle: { color: colour(name), opacity: 0.2 } }),
      ...(name === 'calls' && {
        markArea: {
          silent: true,
          itemStyle: { color: colour('trouble') },
          data: trouble[1] > trouble[0] ? [[{ xAxis: trouble[0] }, { xAxis: trouble[1] }]] : [],
        },
      }),
    };
  });
  chart.setOption({
    animation: false,
    grid: { left: 44, right: 40, top: 28, bottom: 40 },
    xAxis: { ...axis, type: 'value', max: duration, name: 'seconds', nameLocation: 'middle', nameGap: 24 },
    yAxis: [
      {
        ...axis,
        type: 'value',
        max: ceiling,
        name: 'per second',
        nameTextStyle: { ...axis.nameTextStyle, align: 'left' },
      },
      {
        ...axis,
        type: 'value',
        min: 0,
        max: processes,
        minInterval: 1,
        splitNumber: 1,
        name: 'breakers',
        nameTextStyle: { ...axis.nameTextStyle, align: 'right' },
        splitLine: { show: false },
      },
    ],
    series,
  });
}
