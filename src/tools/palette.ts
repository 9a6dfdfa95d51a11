/** The colours of every picture, for light and dark schemes. The lab on the site uses the same colours. */
export const palette = {
  ground: ['#ffffff', '#0d1117'],
  text: ['#3c3c43', '#c9cbd1'],
  line: ['#d5d7de', '#3c3f44'],
  calls: ['#6b7280', '#a6abb5'],
  sends: ['#c2255c', '#ff8fb1'],
  good: ['#2b8a3e', '#69db7c'],
  open: ['#1864ab', '#74c0fc'],
  trouble: ['#ffe3b8', '#4d3a16'],
  ours: ['#0d7d6c', '#3fc1ab'],
  oursToo: ['#3d9c8d', '#2c8f7f'],
  others: ['#5b6778', '#8d99aa'],
  othersToo: ['#7a8698', '#6d798b'],
  inside: ['#fffffe', '#0d1118'],
} as const satisfies Record<string, readonly [light: string, dark: string]>;

export type Colour = keyof typeof palette;

/** The colour in light pictures. `adaptive` makes a picture follow the reader's colour scheme. */
export function colour(name: Colour): string {
  return palette[name][0];
}

/** Adds the dark colours to an SVG that was drawn in light colours, for readers with a dark scheme. */
export function adaptive(svg: string): string {
  const names = Object.keys(palette) as Colour[];
  const declare = (at: 0 | 1) => names.map((name) => `--${name}:${palette[name][at]}`).join(';');
  const style = `<style>svg{${declare(0)}}@media (prefers-color-scheme:dark){svg{${declare(1)}}}</style>`;
  const drawn = names.reduce((text, name) => text.replaceAll(palette[name][0], `var(--${name})`), svg);
  return drawn.replace(/<svg[^>]*>/, (tag) => tag + style);
}
