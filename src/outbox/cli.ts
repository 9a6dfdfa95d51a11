import type { JobWithMetadata } from 'pg-boss';
import { type Call, handleOf, isId, type StoredCall, untilOf } from './call.ts';
import { HELP, type OutboxCommand, parseOutbox } from './cli-arguments.ts';
import { openDatabase } from './database.ts';
import { type DeadLetter, type DeadLetters, deadLetters } from './dead.ts';
import { Engine, lastOf, QUEUES } from './engine.ts';
import { systemEngineRuntime } from './engine-runtime.ts';
import type { LastTry } from './result.ts';

/** Where the words go. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  out(text: string): void;
  error(text: string): void;
}

const terminal: Terminal = {
  env: process.env,
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
};

/** `steadfetch outbox …` @returns the exit code: 1 if something that was asked for could not be done */
export async function run(
  argv: readonly string[],
  { env, out, error }: Terminal = terminal,
): Promise<number> {
  const command = parseOutbox(argv, env);
  if (command.kind === 'help') {
    out(HELP);
    return 0;
  }
  const { clock } = await systemEngineRuntime();
  const database = await openDatabase(command.database);
  try {
    const engine = await Engine.attach(database, command.schema, clock);
    try {
      const dead = deadLetters(engine, database, () => clock.now());
      if (command.kind === 'ls') await list(command, engine, dead, out);
      else if (command.kind === 'show') return await show(command, engine, out, error);
      else return await decide(command, dead, out, error);
      return 0;
    } finally {
      await engine.boss.stop({ graceful: false, close: false });
    }
  } finally {
    await database.close();
  }
}

/** A call as it is listed. Without its query, which may hold secrets. */
interface Listed {
  readonly id: string;
  readonly state: string;
  readonly method: string;
  readonly url: string;
  readonly idempotencyKey: string | undefined;
  readonly group: string | undefined;
  readonly addedAt: string;
  readonly until: string | undefined;
  readonly notBefore: string | undefined;
  readonly last: LastTry | undefined;
}

async function list(
  { which, limit, json }: Extract<OutboxCommand, { kind: 'ls' }>,
  engine: Engine,
  dead: DeadLetters,
  out: Terminal['out'],
): Promise<void> {
  const listed =
    which === 'dead'
      ? (await dead.list({ limit })).map(fromLetter)
      : (await waiting(engine, limit)).map(fromJob);
  for (const call of listed) out(`${json ? JSON.stringify(call) : lineOf(call)}\n`);
  if (!json)
    out(
      `${counted(listed.length, which === 'dead' ? 'dead letter' : 'call')}${which === 'dead' ? '' : ' waiting'}\n`,
    );
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

async function waiting({ boss }: Engine, limit: number): Promise<JobWithMetadata<StoredCall>[]> {
  const jobs: JobWithMetadata<StoredCall>[] = [];
  for (const name of [QUEUES.calls, QUEUES.ordered]) {
    jobs.push(...(await boss.findJobs<StoredCall>(name, { queued: true, limit })));
  }
  return jobs.sort((a, b) => a.createdOn.getTime() - b.createdOn.getTime()).slice(0, limit);
}

async function show(
  { ids, body, json }: Extract<OutboxCommand, { kind: 'show' }>,
  engine: Engine,
  out: Terminal['out'],
  error: Terminal['error'],
): Promise<number> {
  let missing = 0;
  for (const id of ids) {
    const found = await lookUp(engine, id);
    if (found === undefined) {
      error(`there is no call ${id}\n`);
      missing += 1;
      continue;
    }
    const { listed, stored } = found;
    const all = { ...listed, headers: stored.headers, ...(body && { body: stored.body }) };
    out(json ? `${JSON.stringify(all)}\n` : `${JSON.stringify(all, null, 2)}\n`);
  }
  return missing === 0 ? 0 : 1;
}

/** A call among the dead letters, or in the queue. */
async function lookUp(
  engine: Engine,
  id: string,
): Promise<{ readonly listed: Listed; readonly stored: StoredCall } | undefined> {
  const letter = await engine.letter(id);
  if (letter !== undefined) {
    const { call, addedAt } = letter.data;
    return { listed: fromLetter({ ...letter.data, ...handles(id, call, addedAt) }), stored: call };
  }
  const job = (await engine.find(QUEUES.calls, id)) ?? (await engine.find(QUEUES.ordered, id));
  return job && { listed: fromJob(job), stored: job.data };
}

async function decide(
  { kind, ids, all }: Extract<OutboxCommand, { kind: 'replay' | 'discard' }>,
  dead: DeadLetters,
  out: Terminal['out'],
  error: Terminal['error'],
): Promise<number> {
  let failed = 0;
  const chosen = all ? (await dead.list({ limit: 100_000 })).map(({ call }) => call.id) : ids;
  for (const id of chosen) {
    try {
      if (!isId(id)) throw new Error(`there is no call ${id}`);
      if (kind === 'replay') await dead.replay(id);
      else if (!(await dead.discard(id))) throw new Error(`there is no dead letter ${id}`);
      out(`${id} ${kind === 'replay' ? 'is in the queue again' : 'is forgotten'}\n`);
    } catch (problem) {
      error(`${problem instanceof Error ? problem.message : String(problem)}\n`);
      failed += 1;
    }
  }
  return failed === 0 ? 0 : 1;
}

const handles = (id: string, call: StoredCall, addedAt: number) => ({
  call: handleOf(id, call),
  until: untilOf(call, addedAt),
});

function fromLetter({ call, reason, addedAt, until, last }: Omit<DeadLetter, 'at'>): Listed {
  return listed(call, reason, addedAt, until, undefined, last);
}

function fromJob(job: JobWithMetadata<StoredCall>): Listed {
  const { call, until } = handles(job.id, job.data, job.createdOn.getTime());
  const ended: unknown = Reflect.get(Object(job.output), 'outcome');
  const state =
    job.state === 'completed' && typeof ended === 'string'
      ? ended
      : job.state === 'active'
        ? 'active'
        : 'waiting';
  const notBefore = state === 'waiting' ? job.startAfter.getTime() : undefined;
  return listed(call, state, job.createdOn.getTime(), until, notBefore, lastOf(job.output));
}

function listed(
  { id, method, url, idempotencyKey, group }: Call,
  state: string,
  addedAt: number,
  until: number,
  notBefore: number | undefined,
  last: LastTry | undefined,
): Listed {
  const { origin, pathname } = new URL(url);
  return {
    id,
    state,
    method,
    url: origin + pathname,
    idempotencyKey,
    group,
    addedAt: iso(addedAt),
    until: Number.isFinite(until) ? iso(until) : undefined,
    notBefore: notBefore === undefined ? undefined : iso(notBefore),
    last,
  };
}

const iso = (time: number) => new Date(time).toISOString();

function lineOf({ id, state, method, url, addedAt, last }: Listed): string {
  const why =
    last && [last.why, last.status ?? last.error?.code ?? last.error?.name].filter(Boolean).join(' ');
  const tries = last && `${last.tries} ${last.tries === 1 ? 'try' : 'tries'}`;
  return [id, state.padEnd(7), addedAt, method, url, why, tries, last?.delivery].filter(Boolean).join('  ');
}
