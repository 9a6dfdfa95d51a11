import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The address of the site while it is built. */
export const PLACEHOLDER = '/site-base-placeholder/';

/**
 * Makes the built site independent of the folder from which it is served. VitePress writes absolute addresses. So the placeholder
 * becomes a relative address in HTML and CSS. In scripts it becomes a value that a line in each page's head computes.
 */
export function relocate(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(html|js|css|json)$/.test(name)) continue;
    const file = join(folder, name);
    const text = readFileSync(file, 'utf8');
    const up = '../'.repeat(name.split('/').length - 1) || './';
    const isIndex = name.includes('localSearchIndex');
    const changed = isIndex ? inIndex(text) : name.endsWith('.js') ? inScript(text) : inPage(text, up);
    if (changed.includes(PLACEHOLDER) !== isIndex)
      throw new Error(`${name} has an address that can't be made relative`);
    if (changed !== text) writeFileSync(file, changed);
  }
}

function inPage(text: string, up: string): string {
  const base = `<script>globalThis.siteBase=new URL('${up}',location.href).pathname</script>`;
  return text
    .replace(/(__VP_SITE_DATA__=JSON\.parse\(".*?"\))/s, (data) =>
      data.replace(`\\"base\\":\\"${PLACEHOLDER}\\"`, '\\"base\\":\\""+globalThis.siteBase+"\\"'),
    )
    .replaceAll(PLACEHOLDER, up)
    .replace('<head>', `<head>${base}`);
}

/** `"/placeholder/assets/a.js"` → `siteBase+"assets/a.js"`, with any kind of quotes. */
function inScript(text: string): string {
  return text.replace(
    new RegExp(`(["'\`])${PLACEHOLDER}`, 'g'),
    (_, quote) => ` globalThis.siteBase+${quote}`,
  );
}

/** The search index is one text that contains addresses. */
function inIndex(text: string): string {
  return text.replace(/(?=;\s*export\b)/, `.replaceAll('${PLACEHOLDER}',globalThis.siteBase)`);
}
