import { expect, test } from 'vitest';
import { adaptive, colour, palette } from '../../src/tools/palette.ts';
import { svgChart } from '../../src/tools/svg-chart.ts';

test('a picture that was drawn in light colours has dark ones for dark readers, and no colour of its own', async () => {
  const series = { type: 'line' as const, data: [1, 2], color: colour('good') };
  const svg = await svgChart(300, 200, { xAxis: {}, yAxis: {}, series });
  const [style = '', drawn = ''] = svg.split('</style>');
  expect(style).toContain('prefers-color-scheme:dark');
  expect(style).toContain(`--good:${palette.good[1]}`);
  expect(drawn).toContain('var(--good)');
  expect(drawn).not.toContain(palette.good[0]);
});

test('no two names have one light colour: the dark one could not be told', () => {
  const light = Object.values(palette).map(([light]) => light);
  expect(new Set(light).size).toBe(light.length);
  expect(adaptive('<svg fill="#ffffff"></svg>')).toContain('fill="var(--ground)"');
});
