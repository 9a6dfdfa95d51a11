import type { PGlite } from '@electric-sql/pglite';
import type { Pool } from 'pg';
import { expectTypeOf, test } from 'vitest';
import type { Installed, OpenTx, Outbox, Tx } from '../../src/outbox/index.ts';

/** What TypeScript makes of the type of a package that is not there. */
type Missing = ReturnType<typeof JSON.parse>;

// Checked by the compiler (`npm run check`): at run time these say nothing.
test('a database that is not installed leaves no any in the type of outbox.db', () => {
  expectTypeOf<Installed<Missing>>().toBeNever();
  expectTypeOf<Installed<Pool> | Installed<Missing>>().toEqualTypeOf<Pool>();
  expectTypeOf<Outbox['db']>().toEqualTypeOf<Pool | PGlite>();
});

test('rows have names, and the type that the caller names', () => {
  expectTypeOf<OpenTx>().toExtend<Tx>();
  type Work = Parameters<Outbox['transaction']>[0];
  expectTypeOf<Parameters<Work>[0]>().toEqualTypeOf<OpenTx>();
  const named = (tx: OpenTx) => tx.query<{ id: string }>('insert into orders (id) values ($1) returning id');
  expectTypeOf(named).returns.resolves.toEqualTypeOf<{ rows: { id: string }[] }>();
  const plain = (tx: OpenTx) => tx.query('select 1');
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<{ rows: Record<string, unknown>[] }>();
});
