/**
 * `npm run outage:outbox`: the whole outbox on virtual time. Calls are added at an even rate, the destination is away for an
 * hour, and then it is counted how many requests reach it in each minute. PGlite and the engine follow the same clock.
 */
import { PGlite } from '@electric-sql/pglite';
import { TestClock } from 'pg-boss';
import { createFetch } from '../../src/index.ts';
import { openOutboxOn } from '../../src/outbox/outbox.ts';

const CALLS = Number(process.env.OUTAGE_CALLS ?? 1_000);
const STEP = 5_000;
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
const start = origin + 30 * MINUTE;
const end = start + HOUR;
const arrivals: number[] = [];
const delivered: number[] = [];
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
outbox.on('done', () => delivered.push(clock.now()));
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
      for (; added < due; added += 1)
        await outbox.add(tx, 'https://api.example/charges', {
          method: 'POST',
          idempotencyKey: `call-${added}`,
        });
    });
  }
  if (now === end)
    console.log(`${(await outbox.stats()).waiting} calls are waiting when the service is back`);
  if (now >= last && delivered.length === added) break;
  if (now > last + 6 * HOUR) throw new Error(`${added - delivered.length} calls were never delivered`);
  await clock.tick(STEP);
  await quiet();
}

const perMinute = new Map<number, number>();
for (const at of arrivals) {
  const minute = Math.floor((at - origin) / MINUTE);
  perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
}
const after = [...perMinute]
  .filter(([minute]) => minute * MINUTE + origin >= end && minute * MINUTE + origin < last)
  .map(([, count]) => count);
const normal = RATE * MINUTE;
const most = Math.max(...after);
const probes = arrivals.filter((at) => at >= start && at < end).length;
console.log(
  `${added} calls, ${delivered.length} delivered, ${(await outbox.dead.list()).length} dead letters; ${probes} requests during the outage`,
);
console.log(
  `normal: ${normal.toFixed(1)} a minute; after the outage at most ${most}, which is ${(most / normal).toFixed(2)} times that`,
);
await worker.stop();
await outbox.close();
process.exitCode = most <= 1.5 * normal + 1 && delivered.length === added ? 0 : 1;
