import type { Db } from 'pg-boss';
import { type Database, engineDb } from './database.ts';
import { type LiveQueue, QUEUES } from './engine.ts';

/**
 * How much faster than they were added those that waited are sent after an outage. New calls are sent as they come: the
 * destination sees at most that share more than its normal rate.
 */
const BACKLOG_SPEED = 0.45;
/** A call does not wait longer for its turn than for this share of the time that it has. */
const PATIENCE = 0.75;

const LIVE = `name in ('${QUEUES.calls}', '${QUEUES.ordered}')`;
const ENDS_AT = `case when data ? 'until' then to_timestamp((data ->> 'until')::float8 / 1000)
  else created_on + (data ->> 'lifetime')::float8 * interval '1 millisecond' end`;

/**
 * Gives every call that waits for this destination its turn, in one statement: in the order of `add`, at an even pace.
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
  const job = `${schema}.job`;
  const now = `${schema}.job_now()`;
  await transaction(async (tx) => {
    const { executeSql } = engineDb(tx);
    await executeSql('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${schema} ${scope}`]);
    await executeSql(
      `with back as (
        select coalesce(min(completed_on), ${now}) as at from ${job}
          where ${LIVE} and group_id = $1 and state = 'completed' and output ->> 'outcome' = 'done'
            and completed_on > ${now} - $2::float8 * interval '1 millisecond'
      ), held as (
        select id, name, start_after, group_tier, created_on, (${ENDS_AT}) as ends_at,
            row_number() over (order by created_on, id) - 1 as place
          from ${job}, back where ${LIVE} and group_id = $1 and state < 'active' and created_on <= back.at
      ), span as (
        select count(*) as calls, greatest(1, least(100, count(*) / 10)) as pieces, min(created_on) as first,
            greatest(0.001, extract(epoch from (select at from back) - min(created_on))) as seconds,
            count(*) filter (where start_after <= ${now}
              and coalesce(group_tier::float8, 0) <= extract(epoch from ${now}) * 1000) as due
          from held
      ), pace as (
        -- The span in equal pieces. Those in which none was added don't count: one call that has been failing for days does not
        -- make the others seem rare.
        select span.calls * span.pieces / (span.seconds * count(distinct floor(
            extract(epoch from held.created_on - span.first) / span.seconds * span.pieces))) as rate
          from held, span group by span.calls, span.pieces, span.seconds
      ), turns as (
        select id, name, greatest(start_after, least(
            ${now} + place / (${BACKLOG_SPEED} * pace.rate)::float8 * interval '1 second',
            created_on + ${PATIENCE} * (ends_at - created_on))) as turn
          from held, pace
      )
      update ${job} as j set
          start_after = case when j.name = '${QUEUES.calls}' or j.state = 'retry' then turn else j.start_after end,
          group_tier = round(extract(epoch from turn) * 1000)::text
        from turns, span
        where span.due > $3::int and j.name = turns.name and j.id = turns.id and j.state < 'active'`,
      [scope, silence, few],
    );
  });
}

/** The call that has waited longest for this destination, and is due. */
export async function oldestDue(db: Db, schema: string, scope: string): Promise<Found | undefined> {
  const job = `${schema}.job`;
  const { rows } = await db.executeSql(
    `select id, name as queue from ${job} j
      where ${LIVE} and group_id = $1 and state < 'active' and start_after <= ${schema}.job_now()
        and (name = '${QUEUES.calls}' or not exists (select 1 from ${job} b
          where b.name = j.name and b.singleton_key = j.singleton_key and b.id <> j.id and b.state in ('active', 'retry')))
      order by created_on limit 1`,
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
