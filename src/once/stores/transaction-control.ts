import { NestedTransactionError } from '../errors.ts';

/** What begins or ends a transaction. `rollback to` belongs to a savepoint, which may be used. */
const CONTROL =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(?<word>begin|start\s+transaction|set\s+(?:session\s+)?autocommit|commit|end|abort|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|prepare\s+transaction)\b/i;
/** Methods of a connection that do the same without a statement. */
const METHODS: ReadonlySet<unknown> = new Set(['beginTransaction', 'commit', 'rollback']);

/**
 * The error for a statement that would begin or end a transaction within the one that holds the key: its `commit` would end that one, the key's
 * record would no longer be a part of it, and the work could be done twice. Undefined: it is another statement.
 *
 * @param statement the first argument of the method: a text, or an object that has one
 */
export function nested(method: unknown, statement: unknown): NestedTransactionError | undefined {
  if (METHODS.has(method)) return new NestedTransactionError(String(method));
  const word = CONTROL.exec(textOf(statement))?.groups?.word;
  return word === undefined ? undefined : new NestedTransactionError(word.toLowerCase());
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  if (typeof statement !== 'object' || statement === null) return '';
  // `text` of pg, `sql` of mysql2.
  const text: unknown = Reflect.get(statement, 'text') ?? Reflect.get(statement, 'sql');
  return typeof text === 'string' ? text : '';
}
