import type { EChartsOption } from 'echarts';
import { adaptive, colour } from './palette.ts';

/** What every chart has. */
const design = {
  animation: false,
  backgroundColor: colour('ground'),
  textStyle: { fontFamily: 'system-ui, sans-serif', color: colour('text') },
};

/** How an axis looks, with its name in the middle. */
export function axis(name: string, gap: number): object {
  const text = { color: colour('text'), fontSize: 11 };
  return {
    name,
    nameLocation: 'middle',
    nameGap: gap,
    nameTextStyle: text,
    axisLabel: text,
    axisLine: { lineStyle: { color: colour('line') } },
    splitLine: { lineStyle: { color: colour('line') } },
  };
}

/** The finding, and below it how it was found. */
export function heading(text: string, subtext?: string): object {
  return {
    text,
    left: 12,
    top: 8,
    textStyle: { fontSize: 15, color: colour('text') },
    ...(subtext !== undefined && { subtext, subtextStyle: { fontSize: 12, color: colour('text') } }),
  };
}

/** A chart as an SVG, for light and dark. Needs the package `echarts`, which is only loaded when there is something to draw. */
export async function svgChart(width: number, height: number, option: EChartsOption): Promise<string> {
  const { init } = await import('echarts');
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ ...design, ...option });
  try {
    return adaptive(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}
