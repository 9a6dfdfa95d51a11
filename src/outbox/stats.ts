import type { Db } from 'pg-boss';
import { QUEUES } from './engine.ts';

/** Numbers for a dashboard, at this moment. Ages in milliseconds. */
export interface OutboxStats {
  /** Calls that wait to be sent, without those that a worker has in hand: these are `active`. */
  readonly waiting: number;
  /** Calls under way. */
  readonly active: number;
  /** Dead letters. */
  readonly dead: number;
  /** How long the oldest call that is not over has been in the outbox, in milliseconds; 0 without any. */
  readonly oldest: number;
  /** The same for each destination's origin. */
  readonly origins: Readonly<
    Record<string, { readonly waiting: number; readonly active: number; readonly oldest: number }>
  >;
}

interface Row {
  readonly dead: boolean;
  readonly active: boolean;
  readonly origin: string;
  readonly count: number | string;
  readonly age: number | string;
}

/** Counted in the database: the engine's own statistics are a minute old. */
export async function statsOf(db: Db, schema: string): Promise<OutboxStats> {
  const { rows }: { rows: Row[] } = await db.executeSql(`
    select name = '${QUEUES.dead}' as dead, state = 'active' as active,
      substring(data ->> 'url' from '^[a-z]+://[^/?#]+') as origin, count(*)::int as count,
      greatest(0, extract(epoch from ${schema}.job_now() - min(created_on)) * 1000)::float8 as age
    from ${schema}.job
    where name in ('${QUEUES.calls}', '${QUEUES.ordered}', '${QUEUES.dead}') and state < 'completed'
    group by 1, 2, 3`);
  const live = rows.filter(({ dead }) => !dead);
  const origins: Record<string, { waiting: number; active: number; oldest: number }> = {};
  for (const { origin, active, count, age } of live) {
    origins[origin] ??= { waiting: 0, active: 0, oldest: 0 };
    const entry = origins[origin];
    entry[active ? 'active' : 'waiting'] += Number(count);
    entry.oldest = Math.max(entry.oldest, Number(age));
  }
  const sum = (some: readonly Row[]) => some.reduce((total, { count }) => total + Number(count), 0);
  return {
    waiting: sum(live.filter(({ active }) => !active)),
    active: sum(live.filter(({ active }) => active)),
    dead: sum(rows.filter(({ dead }) => dead)),
    oldest: Math.max(0, ...live.map(({ age }) => Number(age))),
    origins,
  };
}
