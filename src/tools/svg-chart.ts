import type { EChartsOption } from 'echarts';
import { adaptive, colour } from './palette.ts';

/** The options that all charts share. */
const design = {
  animation: false,
  backgroundColor: colour('ground'),
  textStyle: { fontFamily: 'system-ui, sans-serif', color: colour('text') },
};

/** The style of an axis, with its name in the middle. */
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

/** The finding as the title, and how it was found as the subtitle. */
export function heading(text: string, subtext?: string): object {
  return {
    text,
    left: 12,
    top: 8,
    textStyle: { fontSize: 15, color: colour('text') },
    ...(subtext !== undefined && { subtext, subtextStyle: { fontSize: 12, color: colour('text') } }),
  };
}

/**
 * Draws a chart as an SVG, for light and dark schemes. Needs the package `echarts`, which is loaded only when there is something
 * to draw.
 */
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
