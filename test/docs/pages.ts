import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

export const root = new URL('../..', import.meta.url).pathname;

/** Every hand-written page: what stands at the top, and in docs/ and its folders. Paths from the root. */
export function pages(): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !/^(node_modules|reference|\.vitepress)\//.test(name))
    .map((name) => `docs/${name}`);
  const atTop = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...atTop, ...inDocs].sort();
}

export function textOf(page: string): string {
  return readFileSync(join(root, page), 'utf8');
}

/** A link from one file of the repository to another. */
export interface Link {
  readonly page: string;
  /** As it is written. */
  readonly href: string;
  /** The file that it leads to, from the root. */
  readonly file: string;
  readonly anchor: string | undefined;
}

/** Links and pictures of a page, without those that lead to other sites. */
export function linksOf(page: string): Link[] {
  const text = textOf(page).replaceAll(/^\s*```.*?^\s*```/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm)].flatMap(([, inline, reference]) => {
    const href = inline ?? reference ?? '';
    if (/^[a-z+]+:/i.test(href)) return [];
    const [path = '', anchor] = href.split('#');
    const file = path === '' ? page : relative('.', normalize(join(dirname(page), path)));
    return [{ page, href, file, anchor }];
  });
}

/** The anchors of a page's headings, as GitHub and the site make them. */
export function anchorsOf(page: string): string[] {
  const text = textOf(page).replaceAll(/^```.*?^```/gms, '');
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
