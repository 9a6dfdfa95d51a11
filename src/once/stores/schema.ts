import { type Check, fail } from '../checks.ts';

/** Where the keys are kept unless you say otherwise. */
export const DEFAULT_TABLE = 'steadfetch_once';

/**
 * The SQL that creates the table, or brings an older one up to date: for people with migrations. `setup()` runs the same.
 *
 * @param table A plain name, or `schema.name`; the schema must be there. Default: `steadfetch_once`.
 * @throws PolicyError a name that would need quotes.
 */
export function schemaSql(table: string = DEFAULT_TABLE): string {
  const name = tableCheck(table, 'table');
  const index = `${name.slice(name.lastIndexOf('.') + 1)}_expires_at`;
  // The lock, because two `create … if not exists` at the same time can still collide.
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

/** A name that needs no quoting. */
export const tableCheck: Check<string> = (value, path) =>
  typeof value === 'string' && /^[a-z_][a-z0-9_]{0,51}(\.[a-z_][a-z0-9_]{0,51})?$/.test(value)
    ? value
    : fail(path, 'name or schema.name, of lower-case letters, digits and _, each at most 52 long', value);
