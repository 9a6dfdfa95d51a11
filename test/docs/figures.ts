/** A figure that looks measured, in a part of a page that names no command. */
export interface Figure {
  readonly heading: string;
  readonly figure: string;
  readonly line: string;
}

/** What looks measured. Whole seconds and milliseconds do not: nearly all of those are settings. */
const measured: readonly RegExp[] = [
  /\d[\d,.]* ?%/,
  /\d[\d,.]* ?[×x](?![\w-])|[×] ?\d/,
  /\d[\d,.]* times\b/,
  /\d[\d,.]* (µs|us|ns)\b/,
  /\d+\.\d+ (ms|s)\b/,
  /\bin \d[\d,.]* (seconds|minutes)\b/,
  /\b\d[\d,]* of (the )?\d[\d,]*\b/,
  /\d[\d,.]* (kB|KB|MB)\b/,
  /\d[\d,.]* \w+ (a|per) (second|minute)\b/,
];

/** A row of a table whose cells are numbers and nothing else, in two cells or more. */
const numbers = /\| *\d[\d,. ·]*(?=\|).*?\| *\d[\d,. ·]*(?=\|)/;

/** A command that prints figures, or a test that checks them. */
const command = /`([A-Z_]+=\S+ )*(npm (run|test)|npx)\b[^`]*`|`test\/[^`]+`/;

/**
 * The figures of a page whose own part of it names no command. A part is what stands between two headings; it may also be
 * named in the part above it, up to the page's title, whose text is about all of the page.
 */
export function figuresWithoutCommand(markdown: string): Figure[] {
  const found: Figure[] = [];
  let above: Part[] = [];
  for (const part of partsOf(markdown)) {
    above = [...above.filter(({ level }) => level < part.level), part];
    if (above.some(({ level, text }) => (level > 1 || part.level <= 1) && command.test(text))) continue;
    for (const line of part.text.split('\n')) {
      const prose = line.replaceAll(/`[^`]*`|\]\([^)]*\)|"[^"]*"/g, '');
      const figure = [...measured, numbers].map((pattern) => pattern.exec(prose)?.[0]).find(Boolean);
      if (figure !== undefined) found.push({ heading: part.heading, figure, line: line.trim() });
    }
  }
  return found;
}

interface Part {
  readonly level: number;
  readonly heading: string;
  readonly text: string;
}

function partsOf(markdown: string): Part[] {
  // In a block of code only its commands count: its numbers are settings.
  const text = markdown.replaceAll(/^\s*```.*?^\s*```/gms, (block) =>
    [...block.matchAll(/^.*\b(npm run|npx) .*$/gm)]
      .map(([line]) => `\`${/(npm run|npx).*/.exec(line)?.[0]}\``)
      .join(' '),
  );
  return text.split(/^(?=#+ )/m).map((part) => {
    const [, hashes = '', heading = ''] = /^(#+) (.*)/.exec(part) ?? [];
    return { level: hashes.length, heading, text: part.replace(/^#+ .*/, '') };
  });
}
