import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Queryable } from './sql.ts';

// The names of the statements of each table. Their number is small and constant.
const names = new Map<string, string>();

/** Prepares each statement, so that PostgreSQL parses it once per connection. */
export function preparedStatements(db: ClientBase): Queryable {
  return { query: (text, values = []) => db.query({ name: nameOf(text), text, values }) };
}

/** The name comes from the text, so that two copies of this package on one connection agree. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `steadfetch_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
  }
  return name;
}
