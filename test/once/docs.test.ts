import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as errors from '../../src/once/errors.ts';
import { schemaSql } from '../../src/once/stores/schema.ts';

const page = readFileSync(new URL('../../docs/once.md', import.meta.url), 'utf8');

test('the page shows the schema as setup creates it', () => {
  expect(page).toContain(`\`\`\`sql\n${schemaSql()}\n\`\`\``);
});

test('the page names every error', () => {
  for (const name of Object.keys(errors)) expect(page).toContain(`\`${name}\``);
});
