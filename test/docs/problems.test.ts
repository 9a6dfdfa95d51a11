import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { statuses } from '../../src/server/problem.ts';

const page = readFileSync(new URL('../../docs/once.md', import.meta.url), 'utf8');

test.each(Object.entries(statuses))(
  'once.md tells when the receiving side answers with %s (%i)',
  (code, status) => {
    expect(page).toContain(`${status} \`${code}\``);
  },
);
