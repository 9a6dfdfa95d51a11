import { NestedTransactionError } from '../errors.ts';

/** What begins or ends a transaction. `rollback to` belongs to a savepoint, which may be used. */
const CONTROL =
  /^(?<word>begin|start\s+transaction|set\s+(?:session\s+)?autocommit|commit|end|abort|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|prepare\s+transaction)\b/i;
/** Before these MySQL commits, and some it can't take back: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html */
const COMMITTING =
  /^(?<word>alter|analyze|cache\s+index|check\s+table|(?:create|drop)(?!\s+temporary\b)|flush|grant|(?:un)?install|load\s+index|lock\s+tables?|optimi[sz]e|rename|repair|reset|revoke|set\s+password|set\b.*\bautocommit(?=\s*:?=)|truncate|unlock\s+tables?|xa)\b/is;
const COMMITS =
  'would end the transaction that this client was given for, because MySQL commits before it: do it before the effect, or on another connection';
/** Methods of a connection that do the same without a statement. */
const METHODS: ReadonlySet<unknown> = new Set(['beginTransaction', 'commit', 'rollback']);

/** Comments, and what stands in quotes: a semicolon there ends no statement. */
const OPAQUE =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:''|\\[\s\S]|[^'\\])*'|"(?:""|[^"])*"|`[^`]*`|\$(?<tag>\w*)\$[\s\S]*?\$\k<tag>\$/g;
/** Its statements stand between `begin` and `end`, which here are no transaction. */
const WITH_BODY = /^create\b.*\b(?:trigger|function|procedure)\b/is;

/**
 * The error for a statement that would begin or end a transaction within the one that holds the key: its `commit` would end that one, the key's
 * record would no longer be a part of it, and the work could be done twice. Undefined: it is another statement.
 *
 * @param statement the first argument of the method: a text, or an object that has one
 */
export function nested(method: unknown, statement: unknown): NestedTransactionError | undefined {
  if (METHODS.has(method)) return new NestedTransactionError(String(method));
  for (const text of statementsOf(textOf(statement))) {
    const word = CONTROL.exec(text)?.groups?.word;
    if (word !== undefined) return new NestedTransactionError(word.toLowerCase());
  }
  return undefined;
}

/** The same in MySQL, where other statements end a transaction, too. */
export function nestedInMysql(method: unknown, statement: unknown): NestedTransactionError | undefined {
  const error = nested(method, statement);
  if (error !== undefined) return error;
  for (const text of statementsOf(textOf(statement))) {
    const word = COMMITTING.exec(text)?.groups?.word;
    if (word !== undefined) return new NestedTransactionError(word.toLowerCase(), COMMITS);
  }
  return undefined;
}

function statementsOf(text: string): readonly string[] {
  const bare = text.replace(OPAQUE, ' ').trimStart();
  return WITH_BODY.test(bare) ? [bare] : bare.split(';').map((part) => part.trimStart());
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  if (typeof statement !== 'object' || statement === null) return '';
  // The parts of a template.
  if (Array.isArray(statement)) return statement.join('?');
  // `text` of pg, `sql` of mysql2.
  const text: unknown = Reflect.get(statement, 'text') ?? Reflect.get(statement, 'sql');
  return typeof text === 'string' ? text : '';
}
