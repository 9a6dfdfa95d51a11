import { PGlite } from '@electric-sql/pglite';
import { Pool } from 'pg';
import { type Db, fromPglite, PgBoss } from 'pg-boss';
import { POSTGRES, present } from '../once/servers.ts';

/** A database for one file of tests. */
export interface TestDatabase {
  readonly client: Pool | PGlite;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** Both kinds; PostgreSQL is left out, and says so, where there is no server. */
export const DATABASES: readonly {
  name: string;
  there: boolean;
  open: () => Promise<TestDatabase>;
}[] = [
  { name: 'PGlite', there: true, open: async () => wrap(await PGlite.create()) },
  {
    name: 'PostgreSQL',
    there: await present('PostgreSQL', POSTGRES.port),
    open: async () => wrap(new Pool(POSTGRES)),
  },
];

function wrap(client: Pool | PGlite): TestDatabase {
  return {
    client,
    query: async (text, values) =>
      (await (client as PGlite).query(text, values)).rows as Record<string, unknown>[],
    close: () => ('end' in client ? client.end() : client.close()),
  };
}

/** Lets the engine look after its jobs now: those of workers that died are given back, those that ended are removed. */
export async function supervise(client: Pool | PGlite, schema: string): Promise<void> {
  const db: Db =
    'end' in client
      ? { executeSql: (text, values) => client.query(text, values) }
      : fromPglite(client as never);
  await db.executeSql(
    `update ${schema}.queue set monitor_claim_on = null, monitor_on = null, maintain_on = null`,
  );
  const boss = new PgBoss({
    db,
    schema,
    migrate: false,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  await boss.start();
  await boss.supervise();
  await boss.stop({ graceful: false, close: false });
}
