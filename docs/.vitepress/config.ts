import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vitepress';
import { subpaths } from '../../.config/subpaths.mjs';
import { linkToFiles, writeLinkedFiles } from './linked-files.ts';
import { groups } from './pages.ts';
import { PLACEHOLDER, relocate } from './relocate.ts';

const sidebar = groups.map(({ title, pages }) => ({
  text: title,
  items: pages.map(({ file, title }) => ({ text: title, link: `/docs/${file}` })),
}));

writeLinkedFiles();

/** Resolves Vue for pages outside of docs/, such as the README, which do not find packages by themselves. */
const vueFromHere: Plugin = {
  name: 'vue-from-here',
  enforce: 'pre',
  resolveId: (source, _importer, { ssr }) =>
    ssr && /^vue(\/|$)/.test(source) ? { id: source, external: true } : undefined,
};

/** One page for each import name. */
const reference = subpaths.map(([text]) => ({ text, link: `/docs/reference/${text}` }));

/** The site: README and docs as they are, the reference, and the lab. `npm run site` builds it. */
export default defineConfig({
  title: 'steadfetch',
  description:
    'A drop-in fetch for Node services: one idempotency key per call, retries, timeouts, a breaker and a budget.',
  lang: 'en-GB',
  // The repository's root, so that links between files work both on the site and in the repository.
  srcDir: '..',
  srcExclude: ['**/node_modules/**', '{src,test,dist,reports}/**', '.*/**'],
  rewrites: { 'README.md': 'index.md' },
  base: PLACEHOLDER,
  lastUpdated: false,
  // Without this, browsers would request a favicon.
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: {
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config(md) {
      md.use(linkToFiles);
      // A wide table can be scrolled, also by keyboard.
      md.renderer.rules.table_open = () => '<table tabindex="0">';
    },
  },
  vite: { plugins: [vueFromHere], publicDir: join(import.meta.dirname, 'public') },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Start', link: '/' },
      { text: 'Lab', link: '/docs/lab' },
      { text: 'Reference', link: '/docs/reference/steadfetch' },
      { text: 'Changes', link: '/CHANGELOG' },
    ],
    sidebar: [{ text: 'Start', link: '/' }, ...sidebar, { text: 'Reference', items: reference }],
  },
  buildEnd: ({ outDir }) => relocate(outDir),
});
