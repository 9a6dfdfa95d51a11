import type { EChartsOption } from 'echarts';

/** A chart as an SVG. Needs the package `echarts`, which is only loaded when there is something to draw. */
export async function svgChart(width: number, height: number, option: EChartsOption): Promise<string> {
  const { init } = await import('echarts');
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: '#ffffff', ...option });
  try {
    return chart.renderToSVGString();
  } finally {
    chart.dispose();
  }
}
