import { stripVTControlCharacters } from 'node:util';

// No table package, because the lab is published: a dependency of the lab would be a dependency of its users.

type Row = readonly (string | number)[];
type Align = 'left' | 'right';

/** A table for a terminal: the head, a rule, and the rows. Text is in the first column, numbers in the others. */
export function plainTable(head: readonly string[], rows: readonly Row[]): string {
  const titles = head.map((title) => title.split('\n'));
  const height = Math.max(...titles.map(({ length }) => length));
  const above = Array.from({ length: height }, (_, line) => titles.map((lines) => lines[line] ?? ''));
  const lines = aligned([...above, ...rows], 'right').map((cells) => cells.join('  '));
  const rule = '─'.repeat(Math.max(...lines.map(visibleLength)));
  return [...lines.slice(0, height), rule, ...lines.slice(height)].map((line) => line.trimEnd()).join('\n');
}

/** A table for a Markdown page that is legible in a terminal, too. `align` is for all columns except the first. */
export function markdownTable(head: readonly string[], rows: readonly Row[], align: Align = 'left'): string {
  const [titles = [], ...body] = aligned([head, ...rows], align);
  const rule = titles.map((title, column) => {
    const dashes = '-'.repeat(visibleLength(title));
    return align === 'right' && column > 0 ? `${dashes.slice(1)}:` : dashes;
  });
  return [titles, rule, ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Pads the cells of each column to the width of the widest. */
function aligned(rows: readonly Row[], align: Align): string[][] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(2, ...rows.map((row) => visibleLength(String(row[column] ?? '')))),
  );
  return rows.map((row) =>
    widths.map((width, column) => {
      const text = String(row[column] ?? '');
      const gap = ' '.repeat(width - visibleLength(text));
      return align === 'right' && column > 0 ? gap + text : text + gap;
    }),
  );
}

/** The length without the control characters of colours. */
function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}
