import { PGlite } from '@electric-sql/pglite';
import { TestClock } from 'pg-boss';
import { createFetch } from '../../src/index.ts';
import { openOutboxOn } from '../../src/outbox/outbox.ts';
import { counted } from './counted.ts';
import { mostPerMinute } from './most-per-minute.ts';

const STEP = 20_000;
const MOMENT = 10;
const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** What came of an outage. Times in milliseconds. */
export interface AfterOutage {
  readonly added: number;
  readonly delivered: number;
  readonly dead: number;
  /** Requests while the destination was away. */
  readonly probes: number;
  /** From `add` to the delivery. */
  readonly longestWait: number;
  /** Requests in a minute: as many as are added, and the most after the outage. */
  readonly normal: number;
  readonly most: number;
}

/**
 * The whole outbox on virtual time: its database, the engine and the workers follow one clock. Calls are added at an even
 * rate, and the destination is away for so many `minutes`, at whose end so many `calls` wait. Calls are added until those are through.
 *
 * @param workers outboxes on one database, as of so many processes: they know nothing of each other
 */
export async function playOutage({
  calls,
  minutes,
  workers,
  tell = () => {},
}: {
  calls: number;
  minutes: number;
  workers: number;
  tell?: (line: string) => void;
}): Promise<AfterOutage> {
  const outage = minutes * MINUTE;
  const rate = calls / outage;
  const clock = new TestClock(Date.UTC(2026, 0, 1));
  const origin = clock.now();
  const start = origin + 6 * MINUTE;
  const end = start + outage;
  const arrivals: number[] = [];
  /** When each call was added, and when it was delivered; by its key. */
  const addedAt = new Map<string | undefined, number>();
  const deliveredAt = new Map<string | undefined, number>();
  let dice = 7;
  const random = () => {
    dice = (dice * 48_271) % 2_147_483_647;
    return dice / 2_147_483_647;
  };
  const { database, quiet } = counted(await PGlite.create());
  const open = async () => {
    const fetch = createFetch({
      retry: false,
      breaker: false,
      timeout: false,
      fetch: async () => {
        arrivals.push(clock.now());
        return new Response(null, { status: clock.now() < start || clock.now() >= end ? 201 : 503 });
      },
    });
    const outbox = await openOutboxOn(database, { fetch }, { clock, random });
    outbox.on('done', ({ call }) => deliveredAt.set(call.idempotencyKey, clock.now()));
    outbox.on('error', (error) => {
      throw error;
    });
    return outbox;
  };
  const outbox = await open();
  const outboxes = [outbox];
  while (outboxes.length < workers) outboxes.push(await open());
  for (const each of outboxes) each.work({ poll: STEP, concurrency: 50 });

  let added = 0;
  /** Nothing is added after this; by then those that waited have gone. */
  const last = end + 2.6 * outage;
  for (;;) {
    const now = clock.now();
    const due = Math.floor((Math.min(now, last) - origin) * rate);
    if (due > added) {
      await outbox.transaction(async (tx) => {
        for (; added < due; added += 1) {
          const idempotencyKey = `call-${added}`;
          addedAt.set(idempotencyKey, now);
          await outbox.add(tx, 'https://api.example/charges', { method: 'POST', idempotencyKey });
        }
      });
    }
    const waiting = async () => `${(await outbox.stats()).waiting} calls are waiting`;
    if (now === start) tell('the service is away');
    if (now === end) tell(`the service is back: ${await waiting()}`);
    if ((now - end) % outage === 0 && now > end)
      tell(`${(now - end) / MINUTE} min later: ${await waiting()}`);
    if (now >= last && deliveredAt.size === added) break;
    if (now > last + 6 * HOUR) break;
    // What one call brings about is done before the next step: workers wait some milliseconds for one another.
    for (let seen = -1; seen < arrivals.length && clock.now() < now + STEP / 2; ) {
      seen = arrivals.length;
      await clock.tick(MOMENT);
      await quiet();
    }
    await clock.tick(now + STEP - clock.now());
    await quiet();
  }
  const dead = (await outbox.dead.list()).length;
  for (const each of outboxes) await each.close();
  await database.close();
  return {
    added,
    delivered: deliveredAt.size,
    dead,
    probes: arrivals.filter((at) => at >= start && at < end).length,
    longestWait: Math.max(...[...deliveredAt].map(([key, at]) => at - (addedAt.get(key) ?? Number.NaN))),
    normal: rate * MINUTE,
    most: mostPerMinute(
      arrivals.filter((at) => at < last),
      end,
    ),
  };
}
