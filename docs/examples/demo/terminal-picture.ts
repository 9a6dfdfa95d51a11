/** A character's width and a line's height, in pixels. */
const CELL = { width: 8.4, height: 19 };
const MARGIN = 20;
const BAR = 36;

/** A terminal window as an SVG picture: plain text in a dark frame, and a caption under it. */
export function terminalPicture(lines: readonly string[], caption: string): string {
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const bottom = BAR + MARGIN + lines.length * CELL.height;
  const text = lines.map((line, index) => row(line, BAR + MARGIN + (index + 0.7) * CELL.height));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${bottom + 34}" width="${width}" role="img">
<title>${escaped(caption)}</title>
<style>
  text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #d6deeb; }
  .dim { fill: #8b98a9; } .ours { fill: #7fdb8a; } .breaker { fill: #e8c265; }
</style>
<rect width="100%" height="100%" rx="10" fill="#16202c"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
${text.filter((line) => line !== '').join('\n')}
${run(caption, MARGIN, bottom + 14, ' class="dim"')}
</svg>
`;
}

/** Each part of a line between wide gaps is placed at its own column, so that any font works. */
function row(line: string, y: number): string {
  const stretches = line.matchAll(/\S+(?: \S+)*/g);
  const look = lookOf(line);
  return [...stretches].map(({ 0: text, index }) => run(text, MARGIN + index * CELL.width, y, look)).join('');
}

function run(text: string, x: number, y: number, look: string): string {
  const length = (text.length * CELL.width).toFixed(1);
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" textLength="${length}"${look}>${escaped(text)}</text>`;
}

function lookOf(line: string): string {
  if (/^steadfetch +\d/.test(line)) return ' class="ours"';
  if (/ breaker .* → /.test(line)) return ' class="breaker"';
  return /^(\$ |─)/.test(line) ? ' class="dim"' : '';
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
