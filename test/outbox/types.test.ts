import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';
import { expect, expectTypeOf, test } from 'vitest';
import type { OpenTx, Outbox, Tx } from '../../src/outbox/index.ts';

test('a database that is not installed leaves no any in the type of outbox.db', () => {
  const path = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const folder = path('reports/outbox-types');
  mkdirSync(folder, { recursive: true });
  // As a published declaration, which skipLibCheck passes over: one of its packages is not there.
  const declaration = `import type { Pool } from 'pg';
import type { Nothing } from 'a-package-that-is-not-installed';
import type { Installed } from '../../src/outbox/database.ts';
export declare const db: Installed<Pool> | Installed<Nothing>;
`;
  writeFileSync(`${folder}/declared.d.ts`, declaration);
  writeFileSync(
    `${folder}/use.ts`,
    `import { db } from './declared.js';\nexport const wrong: number = db;\n`,
  );
  const settings = { extends: '../../tsconfig.json', include: ['.'] };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(settings));
  const { stdout } = spawnSync(process.execPath, [path('node_modules/typescript/bin/tsc'), '-p', folder], {
    encoding: 'utf8',
  });
  expect(stdout).toContain("Type 'Pool' is not assignable to type 'number'");
  expect(stdout.match(/error TS/g)).toHaveLength(1);
  expectTypeOf<Outbox['db']>().toEqualTypeOf<Pool | PGlite>();
}, 120_000);

// Checked by the compiler (`npm run check`): at run time it says nothing.
test('rows have names, and the type that the caller names', () => {
  expectTypeOf<OpenTx>().toExtend<Tx>();
  type Work = Parameters<Outbox['transaction']>[0];
  expectTypeOf<Parameters<Work>[0]>().toEqualTypeOf<OpenTx>();
  const named = (tx: OpenTx) => tx.query<{ id: string }>('insert into orders (id) values ($1) returning id');
  expectTypeOf(named).returns.resolves.toEqualTypeOf<{ rows: { id: string }[] }>();
  const plain = (tx: OpenTx) => tx.query('select 1');
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<{ rows: Record<string, unknown>[] }>();
});
