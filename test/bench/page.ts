import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';
import { forPage, type Table } from './table.ts';

/** What was measured, on which machine, and how to do it again. */
export interface Circumstances {
  readonly command: string;
  /** Lines of "what: value". */
  readonly facts: readonly string[];
}

const versioned = [
  'undici',
  'p-retry',
  'opossum',
  'uuid',
  'cockatiel',
  'ky',
  'ofetch',
  'got',
  'axios',
  'axios-retry',
  '@fetchkit/ffetch',
];

export async function circumstances(command: string, load: number): Promise<Circumstances> {
  const versions = await Promise.all(versioned.map(async (name) => `${name} ${await versionOf(name)}`));
  const [cpu] = cpus();
  return {
    command,
    facts: [
      `Date: ${new Date().toISOString().slice(0, 10)}`,
      `Machine: ${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ` +
        `${process.platform} ${process.arch}; load average ${load.toFixed(1)} before the run`,
      `Node ${process.versions.node}, whose built-in fetch is undici ${process.versions.undici}`,
      versions.join(', '),
    ],
  };
}

/** Several of these packages do not export their package.json. */
async function versionOf(name: string): Promise<string> {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  for (const folder of folders) {
    try {
      const { version } = JSON.parse(await readFile(`${folder}/${name}/package.json`, 'utf8'));
      return String(version);
    } catch {
      // Not in this one.
    }
  }
  return '(unknown version)';
}

/** Replaces this Node's part of the page; the rest of it stays as it is. */
export function withResults(
  page: string,
  { command, facts }: Circumstances,
  tables: readonly Table[],
): string {
  const major = process.versions.node.split('.')[0] ?? '';
  const begin = `<!-- written by npm run bench: Node ${major} -->`;
  const end = `<!-- end: Node ${major} -->`;
  const part = [
    begin,
    `### Node ${major}`,
    '',
    `\`${command}\``,
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    tables.map(forPage).join('\n\n'),
    end,
  ].join('\n');
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from === -1 || to === -1) return `${page.trimEnd()}\n\n${part}\n`;
  return page.slice(0, from) + part + page.slice(to + end.length);
}
