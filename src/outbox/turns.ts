import type { Db } from 'pg-boss';
import { type Database, engineDb } from './database.ts';
import { type LiveQueue, QUEUES } from './engine.ts';

/**
 * How much faster than they were added those that waited are sent after an outage. New calls are sent as they come: the
 * destination sees at most that share more than its normal rate.
 */
const BACKLOG_SPEED = 0.45;
/**
 * The most that were added in a minute are no more than the destination is used to in one. As many go in a minute if there
 * are no others, and else in this many: so a small batch does not wait for as long as the outage was.
 */
const BUSIEST_MINUTE_IN = 10;
/** A call does not wait longer for its turn than for this share of the time that it has. */
const PATIENCE = 0.75;

const LIVE = `name in ('${QUEUES.calls}', '${QUEUES.ordered}')`;
const ENDS_AT = `case when data ? 'until' then to_timestamp((data ->> 'until')::float8 / 1000)
  else created_on + (data ->> 'lifetime')::float8 * interval '1 millisecond' end`;

/**
 * Gives every call that waits for this destination its turn, all at once: in the order of `add`, at an even pace.
 * The turns stand in the queue, so all processes keep them. Where it is done twice, the second finds the same turns.
 *
 * A call's turn is its `start_after`. One that has others of its group before it keeps that as it is, since a new call of
 * the group must not come before it; its turn stands in `group_tier`, and counts when it is at the head of its group.
 *
 * @param silence for so many milliseconds, this process has not seen it fail. Who was answered since then, by whichever
 * process, was the first: what was added later came as usual, and did not wait
 * @param few so many that are due are no crowd
 */
export async function giveTurns(
  { transaction }: Pick<Database, 'transaction'>,
  schema: string,
  scope: string,
  { silence, few }: { silence: number; few: number },
): Promise<void> {
  await transaction(async (tx) => {
    const { executeSql } = engineDb(tx);
    // One process at a time.
    await executeSql('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema} ${scope}`]);
    const { rows } = await executeSql(lookAtThem(schema), [scope, silence]);
    const [held] = rows as [Held];
    if (held.due <= few) return;
    await executeSql(layThemOut(schema), [scope, held.back, secondsBetween(held)]);
  });
}

/** What waits. */
interface Held {
  /** When the destination was back, as the database writes it. */
  readonly back: string;
  readonly calls: number;
  readonly due: number;
  /** So many of them were added in the busiest minute. */
  readonly busiest: number;
  /** From the first call until it was back, and in what share of that time calls were added. */
  readonly seconds: number;
  readonly share: number;
}

function secondsBetween({ calls, busiest, seconds, share }: Held): number {
  const usual = calls / (seconds * share);
  const least = busiest / (60 * (calls <= busiest ? 1 : BUSIEST_MINUTE_IN));
  return 1 / Math.max(BACKLOG_SPEED * usual, least);
}

/**
 * Their time is cut into equal pieces. Those in which none was added don't count: one call that has been failing for days
 * does not make the others seem rare. Few pieces, since calls may be added in batches, and the pauses between those do count.
 */
const lookAtThem = (schema: string) => `
  with back as materialized (
    select coalesce(min(completed_on), ${schema}.job_now()) as at from ${schema}.job
      where ${LIVE} and group_id = $1 and state = 'completed' and output ->> 'outcome' = 'done'
        and completed_on > ${schema}.job_now() - $2::float8 * interval '1 millisecond'
  ), held as materialized (
    select created_on, start_after, group_tier,
        count(*) over (order by created_on range between interval '1 minute' preceding and current row) as in_a_minute
      from ${schema}.job, back
      where ${LIVE} and group_id = $1 and state < 'active' and created_on <= back.at
  ), span as materialized (
    select count(*)::int as calls, max(in_a_minute)::int as busiest, min(created_on) as first, greatest(1, least(20, count(*) / 10))::float8 as pieces,
        greatest(0.001, extract(epoch from (select at from back) - min(created_on)))::float8 as seconds,
        count(*) filter (where start_after <= ${schema}.job_now()
          and coalesce(group_tier::float8, 0) <= extract(epoch from ${schema}.job_now()) * 1000)::int as due
      from held
  )
  select (select at::text from back) as back, calls, due, busiest, seconds, (select count(distinct
      least(pieces - 1, floor(extract(epoch from created_on - first)::float8 / seconds * pieces))) from held) / pieces as share
    from span`;

/** With so many seconds between two turns. */
const layThemOut = (schema: string) => `
  with held as materialized (
    select id, name, (row_number() over (order by created_on, id) - 1) * $3::float8 * interval '1 second' as wait,
        created_on + ${PATIENCE} * ((${ENDS_AT}) - created_on) as latest
      from ${schema}.job where ${LIVE} and group_id = $1 and state < 'active' and created_on <= $2::timestamptz
  ), turns as materialized (
    select id, name, least(${schema}.job_now() + wait, latest) as turn from held
  )
  update ${schema}.job as j set
      start_after = case when j.name = '${QUEUES.calls}' or j.state = 'retry' then greatest(start_after, turn)
        else start_after end,
      group_tier = round(extract(epoch from turn) * 1000)::text
    from turns where j.name = turns.name and j.id = turns.id and j.state < 'active'`;

/**
 * The call that finds out how this destination is: one that is due, and has been tried least. The oldest may be one that
 * always fails, and would fail again. One that was never taken comes before one that was. Of those that were tried as
 * often, by chance: the first hundred may be such as always fail, too. Of a group only the head can be taken, wherever
 * that goes to.
 */
export async function probeFor(db: Db, schema: string, scope: string): Promise<Found | undefined> {
  const job = `${schema}.job`;
  const { rows } = await db.executeSql(
    `select id, name as queue from ${job} j
      where ${LIVE} and group_id = $1 and state < 'active' and start_after <= ${schema}.job_now()
        and (name = '${QUEUES.calls}' or not exists (select 1 from ${job} b
          where b.name = j.name and b.singleton_key = j.singleton_key and b.id <> j.id
            and (b.state in ('active', 'retry')
              or (b.state < 'active' and (b.created_on, b.id) < (j.created_on, j.id)))))
      order by state, retry_count, random() limit 1`,
    [scope],
  );
  return (rows as Found[])[0];
}

/** The calls to this destination whose keys end first, and in how many milliseconds. */
export async function nextToEnd(
  db: Db,
  schema: string,
  scope: string,
  limit: number,
): Promise<(Found & { readonly left: number })[]> {
  const { rows } = await db.executeSql(
    `select id, name as queue, (extract(epoch from (${ENDS_AT}) - ${schema}.job_now()) * 1000)::float8 as "left"
      from ${schema}.job where ${LIVE} and group_id = $1 and state < 'active' order by 3 limit $2::int`,
    [scope, limit],
  );
  return rows as (Found & { readonly left: number })[];
}

/** Where a call stands. */
export interface Found {
  readonly id: string;
  readonly queue: LiveQueue;
}
