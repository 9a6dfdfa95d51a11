import uPlot from 'uplot';
import { type Moment, SPAN } from './view.ts';

interface Line {
  readonly label: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly value: (moment: Moment) => number;
}

const HEIGHT = 180;

/** A chart of the last two minutes in that element. @returns what draws it anew */
export function chart(place: HTMLElement, lines: readonly Line[]): (moments: readonly Moment[]) => void {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: () => colour('--soft'), grid: { stroke: () => colour('--line'), width: 1 } };
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      cursor: { show: false },
      legend: { show: true, live: false },
      scales: { y: { range: (_plot, _least, most) => [0, Math.max(1, most * 1.1)] } },
      axes: [axis, axis],
      series: [
        {},
        ...lines.map(({ label, colour: name }) => ({ label, stroke: () => colour(name), width: 2 })),
      ],
    },
    [[], ...lines.map(() => [])],
    place,
  );
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
  return (moments) => {
    plot.setData([moments.map(({ at }) => at), ...lines.map(({ value }) => moments.map(value))]);
    const end = moments.at(-1)?.at;
    if (end !== undefined) plot.setScale('x', { min: end - SPAN, max: end });
  };
}
