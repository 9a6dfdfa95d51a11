/**
 * A process that kills itself with SIGKILL in the middle of the work of an outbox, or of sagas. Its command line says
 * what to do and where to die.
 */
import { Pool } from 'pg';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { openSagas } from '../../src/saga/index.ts';
import { trip } from './trip.ts';

export const OUTBOX_POINTS = ['before-commit', 'after-commit', 'sending', 'answered', 'in-handler'] as const;
export type OutboxPoint = (typeof OUTBOX_POINTS)[number];

/** Of a step: while its call is on its way, or when the answer is there and nothing is written down yet. */
export type SagaPoint = `${'sending' | 'answered'} ${string}`;

export interface Task {
  readonly database: string;
  readonly schema: string;
  readonly service: string;
  readonly names: readonly string[];
  readonly lifetime?: number;
  readonly die:
    | { readonly of: 'outbox'; readonly at: OutboxPoint }
    | { readonly of: 'saga'; readonly at: SagaPoint };
}

const die = () => process.kill(process.pid, 'SIGKILL');
const forever = new Promise<never>(() => {});

/** A client whose process dies when `many` calls of the kind `concerns` have reached the point `where`. */
function mortal(
  where: 'sending' | 'answered' | undefined,
  many: number,
  concerns: (path: string) => boolean,
) {
  let left = many;
  const here = () => {
    left -= 1;
    // A moment more, so that some requests have arrived and some have not.
    if (left === 0) setTimeout(die, 10 * Math.random());
    return forever;
  };
  return createFetch({
    retry: false,
    breaker: false,
    // On a busy machine the first call waits long for the last one.
    timeout: false,
    fetch: async (input, init) => {
      const isMine = concerns(new URL(String(input instanceof Request ? input.url : input)).pathname);
      const sent = globalThis.fetch(input, init);
      sent.catch(() => {});
      if (where === 'sending' && isMine) return here();
      const response = await sent;
      return where === 'answered' && isMine ? here() : response;
    },
  });
}

async function outboxVictim(
  { database, schema, service, names, lifetime }: Task,
  at: OutboxPoint,
): Promise<void> {
  const isPostgres = database.startsWith('postgres');
  // A handler holds a transaction, and PGlite has one at a time.
  let handlers = isPostgres ? names.length : 1;
  const where = at === 'sending' || at === 'answered' ? at : undefined;
  const many = new Pool({ connectionString: database, max: names.length + 5 });
  const outbox = await openOutbox(isPostgres && at === 'in-handler' ? many : database, {
    schema,
    fetch: mortal(where, names.length, () => true),
    async onDone(tx, { call }) {
      await tx.query(`insert into ${schema}.ledger (key) values ($1)`, [call.idempotencyKey]);
      handlers -= 1;
      if (at === 'in-handler' && handlers === 0) die();
      if (at === 'in-handler') await forever;
    },
  });
  const calls = await outbox.transaction(async (tx) => {
    const added = [];
    for (const name of names) {
      const init = {
        method: 'POST',
        body: name,
        idempotencyKey: name,
        ...(lifetime !== undefined && { lifetime }),
      };
      added.push(await outbox.add(tx, `${service}/charges`, init));
    }
    if (at === 'before-commit') die();
    return added;
  });
  if (at === 'after-commit') die();
  // Half of the victims send at once, the others leave it to a worker.
  if (Math.random() < 0.5) await Promise.all(calls.map((call) => outbox.now(call)));
  else outbox.work({ concurrency: names.length, poll: 20 });
  await forever;
}

async function sagaVictim({ database, schema, service, names }: Task, at: SagaPoint): Promise<void> {
  const [where, path] = at.split(' ') as ['sending' | 'answered', string];
  const sagas = await openSagas(database, {
    schema,
    sagas: [trip],
    base: service,
    fetch: mortal(where, names.length, (called) => called === path),
    backoff: { base: 1, cap: 2 },
  });
  await sagas.transaction(async (tx) => {
    for (const name of names) await sagas.start(tx, trip, name, { name });
  });
  sagas.work({ concurrency: names.length, poll: 20 });
  await forever;
}

const task = process.argv[2];
if (task !== undefined && process.env.STEADFETCH_CRASH === 'victim') {
  const told = JSON.parse(task) as Task;
  // Ends the process if it does not end by itself.
  setTimeout(() => process.exit(3), 600_000);
  const work = told.die.of === 'outbox' ? outboxVictim(told, told.die.at) : sagaVictim(told, told.die.at);
  work.catch((error) => {
    console.error(error);
    process.exit(2);
  });
}
