import { type Check, fail, isFunction, PolicyError } from '../checks.ts';
import { loadDriver } from './driver.ts';
import { placeholders, positional } from './placeholders.ts';
import type { Queryable } from './sql.ts';

/** A transaction of drizzle-orm, on `node-postgres`, `postgres-js` or PGlite. */
export interface DrizzleTransaction {
  execute(query: never): PromiseLike<unknown>;
}

/** A transaction of Kysely. */
export interface KyselyTransaction {
  executeQuery(query: never): Promise<{ readonly rows: unknown[] }>;
}

/** A transaction of Knex. */
export interface KnexTransaction {
  raw(sql: string, bindings: never): PromiseLike<unknown>;
}

/** A transaction of postgres.js: the argument that `sql.begin` passes. */
export interface PostgresJsTransaction {
  unsafe(sql: string, parameters?: never[]): PromiseLike<readonly unknown[]>;
}

/** A transaction of Prisma: the argument that `$transaction(async (tx) => …)` passes. */
export interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...values: never[]): PromiseLike<unknown>;
}

/** An open transaction: of `pg`, of PGlite, or of one of these libraries. */
export type OpenTransaction =
  | Queryable
  | DrizzleTransaction
  | KyselyTransaction
  | KnexTransaction
  | PostgresJsTransaction
  | PrismaTransaction;

type Query = Queryable['query'];
/** The methods that the store calls, with the types that they have for its statements. */
interface Methods {
  readonly query: Query;
  readonly execute: (query: unknown) => Promise<unknown[] | { rows: unknown[] }>;
  readonly executeQuery: (query: unknown) => Promise<{ rows: unknown[] }>;
  readonly raw: (sql: string, bindings: unknown[]) => Promise<{ rows: unknown[] }>;
  readonly unsafe: (sql: string, parameters: unknown[]) => Promise<unknown[]>;
  readonly $queryRawUnsafe: (sql: string, ...values: unknown[]) => Promise<unknown[]>;
}

const adapters: { readonly [Method in keyof Methods]: (tx: Pick<Methods, Method>) => Query } = {
  query: (pg) => async (text, values) => {
    const result: unknown = await pg.query(text, values);
    // Depending on the statement, TypeORM and Sequelize return the rows, or a pair of rows and a number.
    if (typeof result === 'object' && result !== null && 'rows' in result)
      return result as { rows: unknown[] };
    throw new PolicyError(
      'tx',
      'must have a query() that resolves with { rows }, as that of pg; wrap it, if yours gives something else',
    );
  },

  executeQuery:
    (kysely) =>
    async (text, values = []) => {
      const { CompiledQuery } = await loadDriver('kysely', () => import('kysely'));
      return kysely.executeQuery(CompiledQuery.raw(text, values));
    },

  unsafe:
    (postgres) =>
    async (text, values = []) => ({ rows: await postgres.unsafe(text, values) }),

  $queryRawUnsafe:
    (prisma) =>
    async (text, values = []) => ({
      rows: await prisma.$queryRawUnsafe(text, ...values),
    }),

  execute:
    (drizzle) =>
    async (text, values = []) => {
      const { sql } = await loadDriver('drizzle-orm', () => import('drizzle-orm'));
      const parts = placeholders(text).map((part) =>
        typeof part === 'string' ? sql.raw(part) : sql.param(values[part]),
      );
      const result = await drizzle.execute(sql.join(parts));
      return Array.isArray(result) ? { rows: result } : result;
    },

  raw:
    (knex) =>
    (text, given = []) => {
      const statement = positional(text, given);
      return knex.raw(statement.text, statement.values);
    },
};

/** Wraps an open transaction of any of these libraries as a `Queryable`. */
export const queryableOf: Check<Queryable> = (tx, path) => {
  if ((typeof tx === 'object' && tx !== null) || typeof tx === 'function')
    for (const [method, adapter] of Object.entries(adapters))
      if (isFunction(Reflect.get(tx, method))) return { query: (adapter as (tx: unknown) => Query)(tx) };
  return fail(path, 'an open transaction of pg, PGlite, drizzle, Kysely, Knex, postgres.js or Prisma', tx);
};
