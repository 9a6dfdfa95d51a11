import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import type { Outbox } from '../../src/outbox/outbox.ts';
import { schemaOf } from '../once/servers.ts';
import { soon } from '../support/eventually.ts';
import { DATABASES, type TestDatabase } from './databases.ts';
import { type Receiver, receiver, status } from './receiver.ts';

for (const { name, there, open } of DATABASES) {
  describe.runIf(there)(`a destination that is down, in ${name}`, () => {
    const schema = schemaOf('recovery');
    let database: TestDatabase;
    let outbox: Outbox;
    let down: Receiver;
    let other: Receiver;
    beforeAll(async () => {
      database = await open();
      await database.query(`drop schema if exists ${schema} cascade`);
    }, 120_000);
    beforeEach(async () => {
      const fetch = createFetch({ retry: false, breaker: false });
      outbox = await openOutbox(database.client, { fetch, schema, backoff: { base: 50, cap: 100 } });
      [down, other] = [await receiver(), await receiver()];
    }, 60_000);
    afterEach(async () => {
      await outbox.close();
      await database.query(`truncate ${schema}.job`);
      await Promise.all([down.close(), other.close()]);
    });
    afterAll(async () => {
      await database.query(`drop schema if exists ${schema} cascade`);
      await database.close();
    });
    const add = async (to: Receiver, ids: readonly string[], more: object = {}) =>
      await outbox.transaction(async (tx) => {
        for (const id of ids) {
          await outbox.add(tx, `${to.url}/charges`, { method: 'POST', idempotencyKey: id, ...more });
        }
      });
    const names = (what: string, count: number) => Array.from({ length: count }, (_, n) => `${what}-${n}`);

    test('its calls are not touched, but for the probes; those to others go on', async () => {
      down.reply = status(503);
      await add(down, names('down', 30));
      const worker = outbox.work({ poll: 20, concurrency: 5 });
      await soon(() => down.arrivals.length).toBeGreaterThan(6);
      await add(other, names('other', 10));
      await soon(() => other.effects.length).toBe(10);
      await worker.stop();
      const [{ touched }] = (await database.query(
        `select count(*)::int as touched from ${schema}.job
          where group_id = $1 and (started_on is not null or state <> 'created' or output is not null)`,
        [down.url],
      )) as [{ touched: number }];
      expect(touched).toBeLessThanOrEqual(down.arrivals.length);
      expect(down.arrivals.length).toBeLessThan(25);
    });

    test('when it answers, all are delivered, each once', async () => {
      down.reply = status(503);
      await add(down, names('down', 30));
      const worker = outbox.work({ poll: 20, concurrency: 5 });
      await soon(() => down.arrivals.length).toBeGreaterThan(6);
      down.reply = undefined;
      await soon(() => [...down.effects].sort()).toEqual(names('down', 30).sort());
      await worker.stop();
      expect(await outbox.stats()).toMatchObject({ waiting: 0, active: 0, dead: 0 });
    });

    test('its groups keep their order, also where new calls come after those that waited', async () => {
      down.reply = status(503);
      const groups = ['a', 'b', 'c'];
      for (const group of groups) await add(down, names(group, 5), { group });
      const worker = outbox.work({ poll: 20, concurrency: 2 });
      await soon(() => down.arrivals.length).toBeGreaterThan(4);
      down.reply = undefined;
      await soon(() => down.effects.length).toBeGreaterThan(0);
      for (const group of groups) await add(down, [`${group}-new`], { group });
      await soon(() => down.effects.length).toBe(18);
      await worker.stop();
      for (const group of groups) {
        expect(down.effects.filter((key) => key.startsWith(group))).toEqual([
          ...names(group, 5),
          `${group}-new`,
        ]);
      }
    });

    test('a call whose key ends while it is down is told of then, and not sent', async () => {
      down.reply = status(503, { 'retry-after': '3600' });
      await add(down, ['first']);
      await add(down, ['short'], { lifetime: 500 });
      const expired: (string | undefined)[] = [];
      outbox.on('expired', ({ call }) => expired.push(call.idempotencyKey));
      const worker = outbox.work({ poll: 20, concurrency: 1 });
      await soon(() => expired).toEqual(['short']);
      await worker.stop();
      expect(down.arrivals.map(({ key }) => key)).toEqual(['first']);
    });

    test('the name of a scope has to be one', async () => {
      const fetch = createFetch();
      const odd = await openOutbox(database.client, { fetch, schema, scope: () => '' });
      const adding = odd.transaction((tx) => odd.add(tx, down.url));
      await expect(adding).rejects.toThrow('scope() must be a string that is not empty, got ""');
      await odd.close();
    });
  });
}
