import { type Check, fail } from '../checks.ts';

/** The default table for the keys. */
export const DEFAULT_TABLE = 'steadfetch_once';

/**
 * The SQL that creates the table, or brings an older one up to date, for your own migrations. `setup()` runs the same.
 *
 * @param table a plain name, or `schema.name`; the schema must exist. Default: `steadfetch_once`.
 * @throws {PolicyError} The name would need quotes.
 * @example await pool.query(schemaSql('app.once_keys'));
 */
export function schemaSql(table: string = DEFAULT_TABLE): string {
  const name = tableCheck(table, 'table');
  const index = `${name.slice(name.lastIndexOf('.') + 1)}_expires_at`;
  // The lock is needed, because two `create … if not exists` at the same time can still collide.
  return `do $$ begin
  perform pg_advisory_xact_lock(hashtextextended('${name}', 0));
  create table if not exists ${name} (
    scope       text        not null,  -- JSON array: operation, tenant
    key         text        not null,
    token       bigserial,             -- fencing token: grows with every claim
    fingerprint text,                  -- of what the request said
    lease_until timestamptz,           -- null: done
    expires_at  timestamptz not null,
    result      bytea,                 -- null when done: the result was not kept
    primary key (scope, key)
  );
  create index if not exists ${index} on ${name} (expires_at);
end $$;`;
}

/** Checks for a name that needs no quotes. */
export const tableCheck: Check<string> = (value, path) =>
  typeof value === 'string' && /^[a-z_][a-z0-9_]{0,51}(\.[a-z_][a-z0-9_]{0,51})?$/.test(value)
    ? value
    : fail(path, 'name or schema.name, of lower-case letters, digits and _, each at most 52 long', value);
