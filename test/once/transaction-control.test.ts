import { expect, test } from 'vitest';
import { nested, nestedInMysql } from '../../src/once/stores/transaction-control.ts';

test.each([
  'commit',
  'insert into t values (1); commit',
  "insert into t values ('a;b');\n-- done\nCOMMIT;",
  ';rollback',
  '/* begin */ begin',
])('%j begins or ends a transaction', (text) => {
  for (const statement of [text, { text }, { sql: text }, [text]])
    expect(nested('query', statement)?.code).toBe('ERR_STEADFETCH_NESTED_TRANSACTION');
});

test.each([
  "insert into t values ('a; commit')",
  "insert into t values ('it''s; commit', 'it\\'s; commit')",
  'select 1 as "a; commit"; select `b; commit`',
  'select 1 -- ; commit',
  'select 1 /* ; commit */; select 2;',
  'do $$ begin perform 1; end $$',
  'do $body$ begin perform $$; commit$$; end $body$',
  'create trigger t after insert on a begin delete from b; end',
  'create or replace function f() returns int begin atomic select 1; end',
  'select case when true then 1 end; savepoint a; rollback to a; release a',
  '',
])('%j does not', (text) => expect(nested('query', text)).toBeUndefined());

test('MySQL commits before more than that', () => {
  for (const text of [
    'create table t (a int)',
    'TRUNCATE t',
    'select 1; drop table t',
    'set @a = 1, autocommit = 1',
  ])
    expect(nestedInMysql('query', text)?.message).toMatch(/because MySQL commits before it/);
  for (const text of [
    'create temporary table t (a int)',
    'drop temporary table t',
    'set @autocommit_was = 1',
    'update t set a = 1',
  ])
    expect(nestedInMysql('query', text)).toBeUndefined();
  expect(nested('query', 'create table t (a int)')).toBeUndefined();
});
