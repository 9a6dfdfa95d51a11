/**
 * `npm run outage:outbox`: the whole outbox on virtual time. Calls are added at an even rate, and the destination is away
 * for an hour. After that it is counted how many requests reach it in any minute. The database, the engine and the
 * worker follow one clock. What happens is told as it happens: the run takes minutes.
 */
import { PGlite } from '@electric-sql/pglite';
import { TestClock } from 'pg-boss';
import { createFetch } from '../../src/index.ts';
import { openOutboxOn } from '../../src/outbox/outbox.ts';
import { mostPerMinute } from './most-per-minute.ts';

/** So many are added in an hour: so many are waiting at the end of the outage. */
const CALLS = Number(process.env.OUTAGE_CALLS ?? 10_000);
const STEP = 10_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const RATE = CALLS / HOUR;

/** How many statements are under way: time only moves when there are none. */
let busy = 0;
const counted = <T extends object>(target: T): T =>
  new Proxy(target, {
    get(object, name) {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      if (name !== 'query' && name !== 'exec' && name !== 'transaction') return member.bind(object);
      return async (...given: unknown[]) => {
        busy += 1;
        try {
          return await member.apply(object, given);
        } finally {
          busy -= 1;
        }
      };
    },
  });

async function quiet(): Promise<void> {
  for (let calm = 0; calm < 5; calm += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    if (busy > 0) calm = 0;
  }
}

const clock = new TestClock(Date.UTC(2026, 0, 1));
const origin = clock.now();
const start = origin + 6 * MINUTE;
const end = start + HOUR;
const arrivals: number[] = [];
/** When each call was added, and when it was delivered; by its key. */
const addedAt = new Map<string | undefined, number>();
const deliveredAt = new Map<string | undefined, number>();
const api = createFetch({
  retry: false,
  breaker: false,
  timeout: false,
  fetch: async () => {
    arrivals.push(clock.now());
    return new Response(null, { status: clock.now() < start || clock.now() >= end ? 201 : 503 });
  },
});
let dice = 7;
const random = () => {
  dice = (dice * 48_271) % 2_147_483_647;
  return dice / 2_147_483_647;
};
const outbox = await openOutboxOn(counted(await PGlite.create()), { fetch: api }, { clock, random });
outbox.on('done', ({ call }) => deliveredAt.set(call.idempotencyKey, clock.now()));
outbox.on('error', (error) => {
  throw error;
});
const worker = outbox.work({ poll: STEP, concurrency: 50 });

let added = 0;
/** Nothing is added after this; by then those that waited have gone. */
const last = end + 2.6 * HOUR;
for (;;) {
  const now = clock.now();
  const due = Math.floor((Math.min(now, last) - origin) * RATE);
  if (due > added) {
    await outbox.transaction(async (tx) => {
      for (; added < due; added += 1) {
        const idempotencyKey = `call-${added}`;
        addedAt.set(idempotencyKey, now);
        await outbox.add(tx, 'https://api.example/charges', { method: 'POST', idempotencyKey });
      }
    });
  }
  if (now === start) console.log('the service is away');
  if (now === end)
    console.log(`the service is back, and ${(await outbox.stats()).waiting} calls are waiting for it`);
  if ((now - end) % HOUR === 0 && now > end)
    console.log(`${(now - end) / HOUR} h later: ${(await outbox.stats()).waiting} calls are waiting`);
  if (now >= last && deliveredAt.size === added) break;
  if (now > last + 6 * HOUR) throw new Error(`${added - deliveredAt.size} calls were never delivered`);
  await clock.tick(STEP);
  await quiet();
}

const normal = RATE * MINUTE;
const most = mostPerMinute(
  arrivals.filter((at) => at < last),
  end,
);
const probes = arrivals.filter((at) => at >= start && at < end).length;
const longest = Math.max(...[...deliveredAt].map(([key, at]) => at - (addedAt.get(key) ?? Number.NaN)));
const dead = (await outbox.dead.list()).length;
console.log(
  `${added} calls, ${deliveredAt.size} delivered, ${dead} dead letters; ${probes} requests during the outage`,
);
console.log(`the longest wait: ${(longest / HOUR).toFixed(1)} h of the 24 h that a key lasts`);
console.log(
  `normal: ${normal.toFixed(1)} a minute; after the outage at most ${most} in any minute, ${(most / normal).toFixed(2)} times that`,
);
await worker.stop();
await outbox.close();
process.exitCode = most <= 1.5 * normal && deliveredAt.size === added && dead === 0 ? 0 : 1;
