import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { Queryable } from './sql.ts';

// The statements of each table: few, and the same for as long as the process lives.
const names = new Map<string, string>();

/** Lets PostgreSQL parse and plan each statement once for every connection. */
export function preparedStatements(db: ClientBase): Queryable {
  return { query: (text, values = []) => db.query({ name: nameOf(text), text, values }) };
}

/** By content, so that two copies of this package on one connection agree. */
function nameOf(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = `steadfetch_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
    names.set(text, name);
  }
  return name;
}
