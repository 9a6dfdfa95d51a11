import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import type { Outbox } from '../../src/outbox/outbox.ts';
import { giveTurns } from '../../src/outbox/turns.ts';
import { schemaOf } from '../once/servers.ts';
import { DATABASES, type TestDatabase } from './databases.ts';
import { mostPerMinute } from './most-per-minute.ts';

const SCOPE = 'https://api.example';
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A call that waits. Times in seconds; `ago`: since it was added. */
interface Waiting {
  readonly ago: number;
  readonly lifetime?: number;
  readonly group?: string;
  readonly scope?: string;
  /** It waits for its own next try, in so many seconds. */
  readonly pause?: number;
  /** It was answered so long ago. */
  readonly answered?: number;
}

for (const { name, there, open } of DATABASES) {
  describe.runIf(there)(`the turns of calls that waited, in ${name}`, () => {
    const schema = schemaOf('turns');
    let database: TestDatabase;
    let outbox: Outbox;
    beforeAll(async () => {
      database = await open();
      await database.query(`drop schema if exists ${schema} cascade`);
      outbox = await openOutbox(database.client, { fetch: createFetch(), schema });
    }, 120_000);
    afterEach(async () => {
      await database.query(`truncate ${schema}.job`);
    });
    afterAll(async () => {
      await outbox.close();
      await database.query(`drop schema if exists ${schema} cascade`);
      await database.close();
    });

    const wait = async (calls: readonly Waiting[]) => {
      await database.query(
        `insert into ${schema}.job (name, data, state, group_id, singleton_key, policy, created_on, start_after, completed_on, output)
          select case when c ? 'group' then 'ordered' else 'calls' end,
            jsonb_build_object('lifetime', coalesce((c ->> 'lifetime')::float8, ${DAY}) * 1000),
            (case when c ? 'answered' then 'completed' when c ? 'pause' then 'retry' else 'created' end)::${schema}.job_state,
            coalesce(c ->> 'scope', '${SCOPE}'), c ->> 'group',
            case when c ? 'group' then 'key_strict_fifo' else 'standard' end,
            now() - (c ->> 'ago')::float8 * interval '1 second',
            now() - coalesce(-(c ->> 'pause')::float8, (c ->> 'ago')::float8) * interval '1 second',
            now() - (c ->> 'answered')::float8 * interval '1 second',
            case when c ? 'answered' then '{"outcome": "done"}'::jsonb end
          from jsonb_array_elements($1::jsonb) c`,
        [JSON.stringify(calls)],
      );
    };
    const give = (silence = 30, few = 10) => {
      const transaction: Outbox['transaction'] = (work) => outbox.transaction(work);
      return giveTurns({ transaction }, schema, SCOPE, { silence: silence * 1_000, few });
    };
    /** In how many seconds it is each one's turn; in the order of `add`. */
    const turns = async (what = 'start_after') => {
      const rows = await database.query(
        `select extract(epoch from ${what} - now())::float8 as turn from ${schema}.job
          where group_id = '${SCOPE}' and state < 'active' order by created_on`,
      );
      return rows.map(({ turn }) => Math.round(Number(turn)));
    };
    const evenly = (count: number, span: number): Waiting[] =>
      Array.from({ length: count }, (_, n) => ({ ago: span - (n * span) / count }));

    test('are in the order of add, and come at 0.45 of the rate at which they were added', async () => {
      await wait(evenly(360, HOUR));
      await give();
      const given = await turns();
      expect(Math.abs(given[0] ?? 9)).toBeLessThan(3);
      expect(given).toEqual([...given].sort((a, b) => a - b));
      expect((given[359] ?? 0) - (given[0] ?? 0)).toBeGreaterThan((0.97 * HOUR) / 0.45);
      expect((given[359] ?? 0) - (given[0] ?? 0)).toBeLessThan((1.03 * HOUR) / 0.45);
      const gaps = given.slice(1).map((turn, n) => turn - (given[n] ?? 0));
      expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThan(2);
    });

    test('whatever the rate and the length, at most half as many come in a minute as usual', async () => {
      const number = (min: number, max: number) => fc.integer({ min, max });
      await fc.assert(
        fc.asyncProperty(number(30, 600), number(2, 300), number(1, 1_000), async (count, minutes, seed) => {
          await database.query(`truncate ${schema}.job`);
          let dice = seed;
          // Added at random times, as calls are.
          const random = () => {
            dice = (dice * 48_271) % 2_147_483_647;
            return dice / 2_147_483_647;
          };
          await wait(Array.from({ length: count }, () => ({ ago: random() * minutes * MINUTE })));
          await give();
          const most = mostPerMinute(
            (await turns()).map((turn) => turn * 1_000),
            0,
          );
          expect(most).toBeLessThanOrEqual(Math.ceil((0.5 * count) / minutes) + 1);
        }),
        { numRuns: 15, endOnFailure: true },
      );
    });

    test('one that has been failing for a day does not make the others seem rare', async () => {
      await wait([{ ago: 0.9 * DAY, lifetime: 10 * DAY }, ...evenly(360, HOUR)]);
      await give();
      const given = await turns();
      expect(Math.abs(given[0] ?? 9)).toBeLessThan(3);
      expect(given.at(-1)).toBeLessThan((4 * HOUR) / 0.45);
    });

    test('after a second outage, the time in which new ones were sent as they came does not count', async () => {
      const rest = evenly(180, HOUR / 2).map(({ ago }) => ({ ago: ago + 2 * HOUR }));
      await wait([...rest, ...evenly(180, HOUR / 2)]);
      await give();
      expect((await turns()).at(-1)).toBeLessThan((1.4 * HOUR) / 0.45);
    });

    test('where calls are added in batches, the time between the batches counts', async () => {
      const batch = (ago: number) => Array.from({ length: 50 }, () => ({ ago }));
      await wait(Array.from({ length: 12 }, (_, n) => batch(HOUR - n * 3 * MINUTE)).flat());
      await give();
      const last = (await turns()).at(-1) ?? 0;
      expect(last).toBeGreaterThan((0.5 * HOUR) / 0.45);
    });

    test('a batch that alone has waited goes within a minute: without the outage it would have come so, too', async () => {
      await wait(Array.from({ length: 30 }, () => ({ ago: HOUR })));
      await give();
      const given = await turns();
      expect(given.at(-1)).toBeGreaterThan(50);
      expect(given.at(-1)).toBeLessThan(61);
    });

    test('a batch and a few others go within minutes', async () => {
      await wait([...evenly(6, HOUR), ...Array.from({ length: 30 }, () => ({ ago: HOUR / 2 }))]);
      await give();
      expect((await turns()).at(-1)).toBeLessThan(13 * MINUTE);
    });

    test('a few that are due are no crowd, and go at once', async () => {
      await wait(evenly(10, HOUR));
      await give();
      expect(Math.max(...(await turns()))).toBeLessThan(0);
    });

    test('given again, by a process that notices later, they are the same', async () => {
      await wait(evenly(360, HOUR));
      await give();
      const first = await turns();
      await give(30, 0);
      const second = await turns();
      for (const [n, turn] of second.entries()) expect(Math.abs(turn - (first[n] ?? 0))).toBeLessThan(5);
    });

    test('are not for those that were added after the first answer, whichever process got it', async () => {
      await wait([
        ...evenly(100, HOUR).map(({ ago }) => ({ ago: ago + 30 })),
        { ago: 20 },
        { ago: 40, answered: 30 },
      ]);
      await give(60);
      const given = await turns();
      expect(given.at(-1)).toBe(-20);
      expect(given[99]).toBeGreaterThan(HOUR);
    });

    test('an answer from before it failed last is none', async () => {
      await wait([...evenly(100, HOUR), { ago: HOUR, answered: 0.9 * HOUR }]);
      await give(60);
      expect((await turns()).at(-1)).toBeGreaterThan(HOUR);
    });

    test('come before three quarters of the time that a call has are over', async () => {
      await wait(evenly(100, HOUR).map((call) => ({ ...call, lifetime: 2 * HOUR })));
      await give();
      const latest = evenly(100, HOUR).map(({ ago }) => 1.5 * HOUR - ago);
      for (const [n, turn] of (await turns()).entries())
        expect(turn).toBeLessThanOrEqual((latest[n] ?? 0) + 1);
    });

    test('do not shorten the pause that one of them was asked for', async () => {
      await wait([{ ago: 2 * HOUR, pause: HOUR }, ...evenly(100, HOUR)]);
      await give();
      expect((await turns())[0]).toBe(HOUR);
    });

    test('leave other destinations alone', async () => {
      await wait([...evenly(100, HOUR), { ago: HOUR, scope: 'https://other.example' }]);
      await give();
      const [other] = await database.query(
        `select start_after <= now() as due from ${schema}.job where group_id = 'https://other.example'`,
      );
      expect(other).toEqual({ due: true });
    });

    test('of calls with a group are kept until they are at its head: a new one of the group stays behind them', async () => {
      await wait(evenly(100, HOUR).map((call, n) => ({ ...call, group: `account-${n % 10}` })));
      await give();
      expect(Math.max(...(await turns()))).toBeLessThan(0);
      const given = await turns('to_timestamp(group_tier::float8 / 1000)');
      expect(given.at(-1)).toBeGreaterThan((0.9 * HOUR) / 0.45);
    });
  });
}
