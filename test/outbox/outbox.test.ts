import { systemClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import type { Tx } from '../../src/outbox/database.ts';
import { type Call, type OutboxEvents, type OutboxOptions, openOutbox } from '../../src/outbox/index.ts';
import { type Outbox, openOutboxOn } from '../../src/outbox/outbox.ts';
import { schemaOf } from '../once/servers.ts';
import { soon } from '../support/eventually.ts';
import { DATABASES, supervise, type TestDatabase } from './databases.ts';
import { type Receiver, receiver, status } from './receiver.ts';

const api = createFetch({ retry: false, breaker: false, timeout: { attempt: 2_000 } });
const QUICK = { base: 20, cap: 50 };

for (const { name, there, open } of DATABASES) {
  describe.runIf(there)(`an outbox in ${name}`, () => {
    const schema = schemaOf('outbox');
    let database: TestDatabase;
    let service: Receiver;
    /** The outbox that most tests share, and the outbox of this test. */
    let shared: Outbox;
    let outbox: Outbox;
    const openWith = async (options: Partial<OutboxOptions>) => {
      outbox = await openOutbox(database.client, { fetch: api, schema, backoff: QUICK, ...options });
      return outbox;
    };

    beforeAll(async () => {
      database = await open();
      await database.query(`drop schema if exists ${schema} cascade`);
      shared = await openWith({});
    }, 120_000);
    afterAll(async () => {
      await shared.close();
      await database.query(`drop schema if exists ${schema} cascade`);
      await database.query('drop table if exists steadfetch_orders');
      await database.close();
    });
    beforeEach(async () => {
      outbox = shared;
      service = await receiver();
      await database.query('drop table if exists steadfetch_orders');
      await database.query('create table steadfetch_orders (id text primary key)');
    });
    afterEach(async () => {
      if (outbox !== shared) await outbox.close();
      for (const off of offs.splice(0)) off();
      await database.query(`truncate ${schema}.job`);
      await service.close();
    });

    const offs: (() => void)[] = [];
    const hear = <Name extends keyof OutboxEvents>(event: Name) => {
      const heard: OutboxEvents[Name][] = [];
      offs.push(outbox.on(event, (what) => heard.push(what)));
      return heard;
    };
    const charge = (tx: Tx, id: string, more: object = {}) =>
      outbox.add(tx, `${service.url}/charges`, {
        method: 'POST',
        body: JSON.stringify({ id }),
        headers: { 'content-type': 'application/json' },
        idempotencyKey: id,
        ...more,
      });
    const added = (id: string, more: object = {}) => outbox.transaction((tx) => charge(tx, id, more));

    test('a call that is committed is made, with its key, body and headers', async () => {
      const call = await outbox.transaction(async (tx) => {
        await tx.query('insert into steadfetch_orders (id) values ($1)', ['order-1']);
        return charge(tx, 'order-1');
      });
      const { outcome, response, report } = await outbox.now(call);
      expect(outcome).toBe('done');
      expect(await response?.json()).toEqual({ key: 'order-1' });
      expect(report?.idempotencyKey).toBe('order-1');
      expect(service.arrivals).toMatchObject([
        { method: 'POST', path: '/charges', key: 'order-1', body: '{"id":"order-1"}' },
      ]);
      expect(service.arrivals[0]?.headers['content-type']).toBe('application/json');
    });

    test('a call that is rolled back was never owed', async () => {
      const work = outbox.transaction(async (tx) => {
        await charge(tx, 'order-2');
        throw new Error('no');
      });
      await expect(work).rejects.toThrow('no');
      const worker = outbox.work({ poll: 20 });
      const call = await added('order-3');
      await soon(() => service.effects).toEqual(['order-3']);
      await worker.stop();
      expect((await outbox.now(call)).outcome).toBe('done');
    });

    test('before the commit there is nothing to send, and now says so', async () => {
      // PGlite has one connection: `now` would wait for the end of the transaction.
      const code = name === 'PGlite' ? 'ERR_STEADFETCH_NESTED_TRANSACTION' : 'ERR_STEADFETCH_UNKNOWN_CALL';
      await outbox.transaction(async (tx) => {
        const call = await charge(tx, 'order-4');
        await expect(outbox.now(call)).rejects.toMatchObject({ code });
      });
    });

    test.runIf(name === 'PGlite')(
      'a transaction within another is an error, and no wait for ever',
      async () => {
        const inner = () => outbox.transaction(async () => expect.unreachable('it began'));
        await expect(outbox.transaction(inner)).rejects.toThrow('there is one connection');
        await expect(outbox.transaction(() => outbox.stats())).rejects.toThrow('there is one connection');
      },
    );

    test.each(['7', 'order-4', ''])('%j is the id of no call, as it is no UUID', async (id) => {
      const unknown = { code: 'ERR_STEADFETCH_UNKNOWN_CALL' };
      await expect(outbox.now({ id })).rejects.toMatchObject(unknown);
      await expect(outbox.dead.replay(id)).rejects.toMatchObject(unknown);
      expect(await outbox.dead.get(id)).toBeUndefined();
      expect(await outbox.dead.discard(id)).toBe(false);
    });

    test.each([
      [{ limit: 0 }, 'limit must be a whole number from 1 to 100000, got 0'],
      [{ limit: '5' }, 'limit must be a whole number from 1 to 100000, got "5"'],
      [{ after: '7' }, 'after must be the id of a dead letter, got "7"'],
      [{ limt: 5 }, 'did you mean limit?'],
    ])('a list of dead letters by %j is refused, not asked of the database', async (options, says) => {
      await expect(outbox.dead.list(options as never)).rejects.toThrow(says);
    });

    test.each([
      ['no transaction', undefined, 'undefined'],
      ['the URL in its place', 'https://user:s3cret@api.example/', 'string'],
    ])('add refuses %s by name', async (_what, tx, got) => {
      const error: Error = await outbox.add(tx as never, `${service.url}/charges`).then(
        () => new Error('taken'),
        (reason) => reason,
      );
      expect(error.name).toBe('PolicyError');
      expect(error.message).toMatch(new RegExp(`^tx must be a transaction of pg or PGlite, .*, got ${got}$`));
    });

    test.each([
      ['a group', { group: 'a\0b' }, undefined, 'group'],
      ['half of a surrogate pair in a group', { group: '\ud800' }, undefined, 'group'],
      ['a destination', {}, () => 'a\0b', 'scope()'],
    ])(
      '%s that PostgreSQL can’t store is refused before it spoils the transaction',
      async (_what, init, scope, path) => {
        await openWith(scope === undefined ? {} : { scope });
        await outbox.transaction(async (tx) => {
          await expect(charge(tx, 'order-4', init)).rejects.toThrow(
            `${path} must be a string without NUL and lone surrogates`,
          );
          expect((await tx.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
        });
      },
    );

    test('a worker sends what now could not, with the same key', async () => {
      service.reply = status(503);
      const call = await added('order-5');
      const first = await outbox.now(call);
      expect(first).toMatchObject({ outcome: 'later', last: { tries: 1, why: 'attempts', status: 503 } });
      service.reply = undefined;
      const done = hear('done');
      const worker = outbox.work({ poll: 20 });
      await soon(() => done.length).toBe(1);
      await worker.stop();
      expect(done[0]?.call).toEqual(call);
      expect(service.arrivals.map(({ key }) => key)).toEqual(['order-5', 'order-5']);
    });

    test('a refusal ends the call, even by now: no worker sends it again', async () => {
      service.reply = status(422);
      const call = await added('order-6');
      expect(await outbox.now(call)).toMatchObject({
        outcome: 'refused',
        last: { status: 422, why: 'final-status' },
      });
      const worker = outbox.work({ poll: 20 });
      await added('order-7');
      await soon(() => outbox.dead.list().then((letters) => letters.length)).toBe(2);
      await worker.stop();
      expect(service.arrivals.map(({ key }) => key)).toEqual(['order-6', 'order-7']);
      expect(await outbox.dead.list()).toMatchObject([
        { reason: 'refused', call: { idempotencyKey: 'order-6' }, last: { status: 422 } },
        { reason: 'refused', call: { idempotencyKey: 'order-7' } },
      ]);
      expect(await outbox.now(call)).toMatchObject({ outcome: 'refused', last: { status: 422 } });
    });

    test('a replayed call has the same id and the same key; a discarded one is gone', async () => {
      service.reply = status(401);
      const [one, two] = [await added('order-8'), await added('order-9')];
      await outbox.now(one);
      await outbox.now(two);
      service.reply = undefined;
      expect(await outbox.dead.replay(one.id)).toEqual(one);
      expect(await outbox.now(one)).toMatchObject({ outcome: 'done' });
      expect(await outbox.dead.discard(two.id)).toBe(true);
      expect(await outbox.dead.discard(two.id)).toBe(false);
      expect(await outbox.dead.list()).toEqual([]);
      await expect(outbox.dead.replay(two.id)).rejects.toMatchObject({ code: 'ERR_STEADFETCH_UNKNOWN_CALL' });
      expect(service.effects).toEqual(['order-8']);
    });

    test('after the end of its key a call is never sent: it becomes a dead letter, with the reason', async () => {
      const call = await added('order-10', { lifetime: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await outbox.now(call)).toMatchObject({
        outcome: 'expired',
        last: { why: 'expired', tries: 0, delivery: 'not-sent' },
      });
      const worker = outbox.work({ poll: 20 });
      await added('order-11', { lifetime: 1 });
      await soon(() => outbox.dead.list().then((letters) => letters.map(({ reason }) => reason))).toEqual([
        'expired',
        'expired',
      ]);
      await worker.stop();
      expect(service.arrivals).toEqual([]);
      await expect(outbox.dead.replay(call.id)).rejects.toMatchObject({
        code: 'ERR_STEADFETCH_CALL_EXPIRED',
      });
    });

    test('a call that waits for its next try is looked at when its key ends', async () => {
      await openWith({ backoff: { base: 60_000, cap: 300_000 } });
      service.reply = status(503, { 'retry-after': '3600' });
      const call = await added('order-12', { lifetime: 2_500 });
      expect(await outbox.now(call)).toMatchObject({ outcome: 'later' });
      const expired = hear('expired');
      const worker = outbox.work({ poll: 20 });
      await soon(() => expired.length).toBe(1);
      await worker.stop();
      expect(expired[0]?.last).toMatchObject({ tries: 1, delivery: 'answered' });
      expect(service.arrivals.length).toBe(1);
    });

    test('a call under way when its key ends is cut off, and may have arrived', async () => {
      service.reply = () => {};
      const call = await added('order-13', { lifetime: 1_500 });
      expect(await outbox.now(call)).toMatchObject({
        outcome: 'expired',
        last: { tries: 1, delivery: 'unknown' },
      });
    });

    test('a call whose key ends while it is being prepared is not sent', async () => {
      let ahead = 0;
      const clock = { ...systemClock, now: () => systemClock.now() + ahead };
      const prepare = () => {
        ahead = 60_000;
      };
      const options = { fetch: api, schema, prepare };
      outbox = await openOutboxOn(database.client, options, { clock, random: Math.random });
      const call = await added('order-13a', { lifetime: 60_000 });
      expect(await outbox.now(call)).toMatchObject({
        outcome: 'expired',
        last: { why: 'expired', tries: 0, delivery: 'not-sent' },
      });
      expect(service.arrivals).toEqual([]);
    });

    test('a call that a worker had when it died may have arrived, also if its key ends before it is sent again', async () => {
      const call = await added('order-13b', { lifetime: 60_000 });
      await database.query(
        `update ${schema}.job set state = 'active', created_on = now() - interval '1 hour', started_on = now() - interval '1 hour', heartbeat_on = now() - interval '1 hour' where id = $1`,
        [call.id],
      );
      await supervise(database.client, schema);
      const expired = hear('expired');
      const worker = outbox.work({ poll: 20 });
      await soon(() => expired.length).toBe(1);
      await worker.stop();
      expect(expired[0]?.last).toMatchObject({ why: 'expired', delivery: 'unknown' });
    });

    test('a call that is refused again takes the place of its dead letter', async () => {
      service.reply = status(422);
      const call = await added('order-13c');
      expect(await outbox.now(call)).toMatchObject({ outcome: 'refused', last: { status: 422 } });
      await database.query(`delete from ${schema}.job where id = $1 and name = 'calls'`, [call.id]);
      service.reply = status(410);
      expect(await added('order-13c')).toEqual(call);
      expect(await outbox.now(call)).toMatchObject({ outcome: 'refused', last: { status: 410 } });
      expect(await outbox.dead.list()).toMatchObject([{ call: { id: call.id }, last: { status: 410 } }]);
    });

    test('Retry-After is honoured however long, also by now', async () => {
      service.reply = status(503, { 'retry-after': '7200' });
      const call = await added('order-14');
      const { notBefore = 0 } = await outbox.now(call);
      expect(notBefore - Date.now()).toBeGreaterThan(7_190_000);
      service.reply = undefined;
      expect(await outbox.now(call)).toMatchObject({ outcome: 'later', last: { status: 503 } });
      expect(service.arrivals.length).toBe(1);
    });

    test('a Retry-After of millions of years is one of a year: no Date can hold it', async () => {
      service.reply = status(503, { 'retry-after': '9999999999999' });
      const call = await outbox.transaction((tx) =>
        outbox.add(tx, `${service.url}/profiles/7`, { method: 'PUT', body: '{}' }),
      );
      const { notBefore = 0, outcome } = await outbox.now(call);
      expect(outcome).toBe('later');
      expect((notBefore - Date.now()) / 86_400_000).toBeCloseTo(365, 0);
      expect(new Date(notBefore).toISOString()).toContain('T');
    });

    test('the same piece of work, added twice, is one call; another under its key is refused', async () => {
      const call = await added('order-15');
      expect(await added('order-15')).toEqual(call);
      await expect(added('order-15', { body: 'another' })).rejects.toMatchObject({
        code: 'ERR_STEADFETCH_CALL_REUSED',
      });
      await outbox.now(call);
      expect(await added('order-15')).toEqual(call);
      expect((await outbox.now(call)).outcome).toBe('done');
      expect(service.arrivals.length).toBe(1);
    });

    test('calls of a group are sent one at a time in the order of add, whatever happens to them', async () => {
      let under = 0;
      let most = 0;
      const seen = new Map<string, number>();
      service.reply = async ({ key = '' }, response) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setTimeout(resolve, 5));
        under -= 1;
        const times = (seen.get(key) ?? 0) + 1;
        seen.set(key, times);
        response.writeHead(times < 2 && key.endsWith('0') ? 503 : 200).end();
      };
      const names = Array.from({ length: 8 }, (_, n) => `step-${n % 4}${n}`);
      await outbox.transaction(async (tx) => {
        for (const id of names.slice(0, 4)) await charge(tx, id, { group: 'account-1' });
      });
      for (const id of names.slice(4)) await added(id, { group: 'account-1' });
      const worker = outbox.work({ poll: 20 });
      await soon(() => seen.size).toBe(8);
      await worker.stop();
      expect([...seen.keys()]).toEqual(names);
      expect(most).toBe(1);
    });

    test.skipIf(name === 'PGlite')(
      'the order of a group is that of add, not that of the transactions',
      async () => {
        const early: { resolve?: () => void } = {};
        const begun = outbox.transaction(async (tx) => {
          await tx.query('select 1');
          await new Promise<void>((resolve) => {
            early.resolve = resolve;
          });
          await charge(tx, 'cancel', { group: 'order' });
        });
        await soon(() => early.resolve).toBeDefined();
        await added('create', { group: 'order' });
        early.resolve?.();
        await begun;
        const worker = outbox.work({ poll: 20 });
        await soon(() => service.effects).toEqual(['create', 'cancel']);
        await worker.stop();
      },
    );

    test('now does not overtake the group', async () => {
      service.reply = status(503);
      const first = await added('first', { group: 'g' });
      const second = await added('second', { group: 'g' });
      expect((await outbox.now(second)).outcome).toBe('later');
      expect((await outbox.now(first)).outcome).toBe('later');
      service.reply = undefined;
      expect((await outbox.now(second)).outcome).toBe('later');
      expect(service.arrivals.map(({ key }) => key)).toEqual(['first']);
    });

    test('a durable handler is committed together with the end of the call, once', async () => {
      let failures = 1;
      await openWith({
        onDone: async (tx, { call, response, report }) => {
          await tx.query('insert into steadfetch_orders (id) values ($1)', [`paid ${call.idempotencyKey}`]);
          expect(await response?.json()).toEqual({ key: 'order-16' });
          expect(report?.stopped).toBe('success');
          if (failures-- > 0) throw new Error('the handler failed');
        },
      });
      const errors = hear('error');
      const call = await added('order-16');
      expect(await outbox.now(call)).toMatchObject({ outcome: 'later', last: { why: 'handler' } });
      expect(await database.query('select * from steadfetch_orders')).toEqual([]);
      const worker = outbox.work({ poll: 20 });
      await soon(() => database.query('select id from steadfetch_orders')).toEqual([{ id: 'paid order-16' }]);
      await worker.stop();
      expect(errors.map(({ message }) => message)).toEqual(['the handler failed']);
      expect(service.effects).toEqual(['order-16']);
      expect((await outbox.now(call)).outcome).toBe('done');
    });

    test('a durable handler that catches an error of the database is told so, and the call comes again later', async () => {
      let failures = 1;
      await openWith({
        onDone: async (tx) => {
          if (failures-- > 0) await tx.query('select 1 / 0').catch(() => {});
        },
      });
      const errors = hear('error');
      const call = await added('order-16a');
      expect(await outbox.now(call)).toMatchObject({ outcome: 'later', last: { why: 'handler' } });
      expect(errors).toMatchObject([{ code: 'ERR_STEADFETCH_TRANSACTION_ABORTED' }]);
      const done = hear('done');
      const worker = outbox.work({ poll: 20 });
      await soon(() => done.length).toBe(1);
      await worker.stop();
      expect(service.effects).toEqual(['order-16a']);
    });

    test('a prepare that never comes back holds no worker for ever', async () => {
      let ahead = false;
      const clock: typeof systemClock = {
        ...systemClock,
        setTimeout: (callback, ms) => systemClock.setTimeout(callback, ahead && ms === 60_000 ? 10 : ms),
      };
      const options = { fetch: api, schema, prepare: () => new Promise(() => {}) };
      outbox = await openOutboxOn(database.client, options, { clock, random: Math.random });
      const call = await added('order-16b');
      ahead = true;
      const { outcome, last, error } = await outbox.now(call);
      expect([outcome, last?.why, String(error)]).toEqual([
        'later',
        'prepare',
        'Error: prepare took longer than 60000 ms',
      ]);
    });

    test('what is closed takes no more workers, and what is no call is refused', async () => {
      await expect(outbox.now('order-16c' as never)).rejects.toThrow(
        'call must be what add returned, or { id, group }, got "order-16c"',
      );
      await openWith({});
      await outbox.close();
      expect(() => outbox.work()).toThrow('the outbox is closed');
    });

    test('prepare adds credentials at the time of sending; none is ever stored', async () => {
      let token = 0;
      await openWith({ prepare: ({ headers }) => headers.set('authorization', `Bearer secret-${++token}`) });
      service.reply = status(503);
      const call = await added('order-17');
      await outbox.now(call);
      service.reply = undefined;
      const worker = outbox.work({ poll: 20 });
      await soon(() => service.effects).toEqual(['order-17']);
      await worker.stop();
      expect(service.arrivals.map(({ headers }) => headers.authorization)).toEqual([
        'Bearer secret-1',
        'Bearer secret-2',
      ]);
      const stored = JSON.stringify(await database.query(`select * from ${schema}.job`));
      expect(stored).toContain('order-17');
      expect(stored).not.toContain('secret');
    });

    test('stop finishes what is in hand and takes no more', async () => {
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      service.reply = async (_arrival, response) => {
        await held;
        response.writeHead(200).end();
      };
      const call = await added('order-18');
      const worker = outbox.work({ poll: 20, concurrency: 1 });
      await soon(() => service.arrivals.length).toBe(1);
      const stopping = worker.stop();
      await added('order-19');
      release();
      await stopping;
      expect(service.arrivals.map(({ key }) => key)).toEqual(['order-18']);
      expect((await outbox.now(call)).outcome).toBe('done');
    });

    test('now joins a worker of this process that is at it', async () => {
      let release = () => {};
      service.reply = (_arrival, response) => {
        release = () => response.writeHead(200).end();
      };
      const call = await added('order-20');
      const worker = outbox.work({ poll: 20 });
      await soon(() => service.arrivals.length).toBe(1);
      const joined = outbox.now(call);
      release();
      expect((await joined).outcome).toBe('done');
      await worker.stop();
      expect(service.arrivals.length).toBe(1);
    });

    test('stats count what waits, how long, and for whom', async () => {
      await added('order-21');
      await added('order-22', { group: 'g' });
      service.reply = status(400);
      await outbox.now(await added('order-23'));
      const stats = await outbox.stats();
      expect(stats).toMatchObject({
        waiting: 2,
        active: 0,
        dead: 1,
        origins: { [service.url]: { waiting: 2 } },
      });
      expect(stats.oldest).toBeGreaterThanOrEqual(0);
      expect(stats.oldest).toBeLessThan(60_000);
    });

    test('a call that a worker died with is sent by another', async () => {
      const call = await added('order-24');
      // As if another process had taken the call and died.
      await database.query(
        `update ${schema}.job set state = 'active', started_on = now() - interval '1 hour', heartbeat_on = now() - interval '1 hour' where id = $1`,
        [call.id],
      );
      expect((await outbox.now(call)).outcome).toBe('later');
      // What every outbox does by itself every ten seconds; if one is just at it, it may have looked before.
      await soon(async () => {
        await supervise(database.client, schema);
        return (await outbox.now(call)).outcome;
      }).toBe('done');
    });

    test('bodies are the same bytes every time', async () => {
      const form = new FormData();
      form.set('file', new Blob(['\0\u{1F600}']), 'a.bin');
      const bodies = [
        'text\0',
        new Uint8Array([0, 255, 254]),
        new URLSearchParams({ a: '1' }),
        form,
        () => 'made',
      ];
      for (const [n, body] of bodies.entries()) {
        service.reply = status(503);
        const call: Call = await added(`body-${n}`, { body, headers: {} });
        await outbox.now(call);
        await database.query(`update ${schema}.job set start_after = now() - interval '1 second'`);
        await outbox.now(call);
        const [one, two] = service.arrivals.slice(-2);
        expect(one?.body.length).toBeGreaterThan(0);
        expect(two).toMatchObject({ body: one?.body, key: `body-${n}`, path: '/charges' });
        expect(two?.headers['content-type']).toBe(one?.headers['content-type']);
      }
    });
  });
}
