import { parseArgs } from 'node:util';
import { wholeNumber } from '../tools/arguments.ts';

/** What `steadfetch outbox …` was asked for. */
export type OutboxCommand =
  | { readonly kind: 'help' }
  | (Where & {
      readonly kind: 'ls';
      readonly which: 'waiting' | 'dead';
      readonly limit: number;
      readonly json: boolean;
    })
  | (Where & {
      readonly kind: 'show';
      readonly ids: readonly string[];
      readonly body: boolean;
      readonly json: boolean;
    })
  | (Where & { readonly kind: 'replay' | 'discard'; readonly ids: readonly string[]; readonly all: boolean });

interface Where {
  readonly database: string;
  readonly schema: string;
}

export const HELP = `steadfetch outbox: what an outbox holds, for the person on call

  steadfetch outbox ls                 the dead letters: calls that were refused, or whose key ended
    --waiting                          the calls that are still to be sent
    --limit 100                        at most so many, the oldest first
    --json                             one object a line
  steadfetch outbox show ID…           all that is known of a call; --body prints its body, too
  steadfetch outbox replay ID…         puts dead letters back into the queue, with the same keys
    --all                              every one of them whose key has not ended
  steadfetch outbox discard ID…        forgets dead letters; --all forgets every one

  --database postgres://…              or a PGlite folder that no process has open; default: $DATABASE_URL
  --schema steadfetch                  the schema that openOutbox was given
`;

/** @throws {TypeError} Something on the command line is wrong; the message says what. */
export function parseOutbox(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): OutboxCommand {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      database: { type: 'string' },
      schema: { type: 'string', default: 'steadfetch' },
      waiting: { type: 'boolean', default: false },
      limit: { type: 'string', default: '100' },
      json: { type: 'boolean', default: false },
      body: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
    },
  });
  const [, kind, ...ids] = positionals;
  if (values.help || kind === undefined) return { kind: 'help' };
  if (kind !== 'ls' && kind !== 'show' && kind !== 'replay' && kind !== 'discard') {
    throw new TypeError(
      `there is no command ${JSON.stringify(kind)}; the commands are ls, show, replay, discard`,
    );
  }
  const database = values.database ?? env.DATABASE_URL;
  if (database === undefined)
    throw new TypeError('say which database: --database postgres://…, or DATABASE_URL');
  const where = { database, schema: values.schema };
  const limit = wholeNumber('--limit', values.limit, 1, 100_000);
  if (kind === 'ls')
    return { ...where, kind, which: values.waiting ? 'waiting' : 'dead', limit, json: values.json };
  if (ids.length === 0 && !values.all) throw new TypeError(`${kind} needs the id of a call`);
  if (kind === 'show') return { ...where, kind, ids, body: values.body, json: values.json };
  if (values.all && ids.length > 0) throw new TypeError('either ids or --all');
  return { ...where, kind, ids, all: values.all };
}
