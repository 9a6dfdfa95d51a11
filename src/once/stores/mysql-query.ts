/** The form of a result, whatever the options of the pool say. */
const AS_WE_READ = { rowsAsArray: false, nestTables: false, typeCast: true } as const;

/** What sends a statement: a connection or a pool of `mysql2/promise`. */
export interface MysqlQueries {
  query(
    sql: string | ({ sql: string } & typeof AS_WE_READ),
    values?: unknown[],
  ): Promise<[rows: unknown, fields: unknown]>;
}

/** Sends a statement of ours. @returns its rows, or the number of those that it changed */
export async function resultOf(db: MysqlQueries, sql: string, values: readonly unknown[]): Promise<unknown> {
  const [result] = await db.query({ sql, ...AS_WE_READ }, values.map(literal));
  return result;
}

/** A text as its bytes: how the driver quotes a text depends on what `sql_mode` makes of a backslash, and it does not know that. */
const literal = (value: unknown) => (typeof value === 'string' ? Buffer.from(value) : value);
