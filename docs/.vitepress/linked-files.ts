import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';

const root = resolve(import.meta.dirname, '../..');
const FOLDER = 'docs/reference/files';

/** The address on the site of a file that is no page, such as an example. */
function pageOf(file: string): string {
  return `${FOLDER}/${relative(root, file)}.md`;
}

/** The file of a link, if it is a file of the repository and neither a page nor a picture. */
function linkedFile(page: string, href: string): string | undefined {
  if (/^[\w+.-]+:|^[/#]/.test(href)) return undefined;
  const file = resolve(dirname(page), href.replace(/[?#].*/, ''));
  if (['.md', '.svg', '.png'].includes(extname(file)) || !existsSync(file)) return undefined;
  return statSync(file).isDirectory() ? undefined : file;
}

/** Makes a page for each source file that README or docs link to. Otherwise browsers would download these files. */
export function writeLinkedFiles(): void {
  rmSync(join(root, FOLDER), { recursive: true, force: true });
  const pages = [root, join(root, 'docs'), join(root, 'docs/recipes')].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  );
  for (const page of pages) {
    for (const [, href = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)\s]+)\)/g)) {
      const file = linkedFile(page, href);
      if (file === undefined) continue;
      const target = join(root, pageOf(file));
      mkdirSync(dirname(target), { recursive: true });
      const language = extname(file).slice(1);
      writeFileSync(
        target,
        `# ${relative(root, file)}\n\n\`\`\`\`${language}\n${readFileSync(file, 'utf8')}\n\`\`\`\`\n`,
      );
    }
  }
}

/** Changes links to such files into links to their pages. */
export function linkToFiles(md: MarkdownRenderer): void {
  md.core.ruler.push('linked-files', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      const file = href === null ? undefined : linkedFile(env.path, href);
      if (file !== undefined) token.attrSet('href', relative(dirname(env.path), join(root, pageOf(file))));
    }
  });
}
