import { PGlite } from '@electric-sql/pglite';
import { fromPglite, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { soon } from '../support/eventually.ts';
import { supervise } from './databases.ts';
import { type Receiver, receiver, status } from './receiver.ts';

/** What the engine does by itself, and must not do to a call. Each was seen; each would lose or repeat one. */
describe('of the engine', () => {
  let client: PGlite;
  let service: Receiver;
  beforeAll(async () => {
    client = await PGlite.create();
    service = await receiver();
  }, 120_000);
  afterAll(async () => {
    await service.close();
    await client.close();
  });
  const age = (what: string) => client.exec(what);
  /** The engine without an outbox, to show that a trap is still there. */
  const alone = async () => {
    const boss = new PgBoss({
      db: fromPglite(client as never),
      schema: 'alone',
      supervise: false,
      schedule: false,
    });
    await boss.start();
    return boss;
  };

  test('a job past its retention is deleted; a call is kept, and told of when its key has ended', {
    timeout: 120_000,
  }, async () => {
    const boss = await alone();
    await boss.createQueue('dead');
    await boss.createQueue('calls', { deadLetter: 'dead' });
    const id = await boss.send('calls', {}, { retentionSeconds: 1 });
    await age(`update alone.job set keep_until = now() - interval '1 second'`);
    await age('update alone.queue set monitor_claim_on = null, monitor_on = null, maintain_on = null');
    await boss.supervise();
    expect(await boss.findJobs('calls', { id: id as string })).toEqual([]);
    expect(await boss.findJobs('dead')).toEqual([]);
    await boss.stop({ graceful: false, close: false });

    const outbox = await openOutbox(client, { fetch: createFetch(), schema: 'ours' });
    const call = await outbox.transaction((tx) =>
      outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'old' }),
    );
    // The call has waited for a year without a process to send it.
    await age(
      `update ours.job set created_on = created_on - interval '1 year', start_after = start_after - interval '1 year', keep_until = keep_until - interval '1 year'`,
    );
    await supervise(client, 'ours');
    expect(await outbox.now(call)).toMatchObject({ outcome: 'expired' });
    // Nor does the engine ever throw away a dead letter.
    await age(
      `update ours.job set created_on = created_on - interval '10 years', start_after = start_after - interval '10 years', keep_until = keep_until - interval '10 years' where name = 'dead'`,
    );
    await supervise(client, 'ours');
    expect(await outbox.dead.list()).toMatchObject([{ reason: 'expired', call: { idempotencyKey: 'old' } }]);
    expect(service.arrivals).toEqual([]);
    await outbox.close();
  });

  test('retries run out; those of a call do not', { timeout: 120_000 }, async () => {
    const boss = await alone();
    await boss.createQueue('impatient', { retryLimit: 1 });
    const id = (await boss.send('impatient', {})) as string;
    for (let n = 0; n < 2; n += 1) {
      await age(`update alone.job set start_after = now() where name = 'impatient'`);
      await boss.fail('impatient', await boss.fetch('impatient'));
    }
    expect(await boss.findJobs('impatient', { id })).toMatchObject([{ state: 'failed' }]);
    await boss.stop({ graceful: false, close: false });

    const outbox = await openOutbox(client, {
      fetch: createFetch({ retry: false, breaker: false }),
      schema: 'ours',
      backoff: { base: 1, cap: 1 },
    });
    service.reply = status(503);
    const call = await outbox.transaction((tx) =>
      outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'often' }),
    );
    for (let n = 0; n < 10; n += 1) {
      await soon(async () => (await outbox.now(call)).last?.tries).toBeGreaterThan(n);
    }
    await age(`update ours.job set retry_count = 100000 where id = '${call.id}'`);
    service.reply = undefined;
    await soon(async () => (await outbox.now(call)).outcome).toBe('done');
    await outbox.close();
  });

  test('a job that is run again after its end has a new id; a replayed call has its own', {
    timeout: 120_000,
  }, async () => {
    const boss = await alone();
    await boss.createQueue('letters');
    await boss.createQueue('failing', { deadLetter: 'letters', retryLimit: 0 });
    const id = (await boss.send('failing', {})) as string;
    await boss.fail('failing', (await boss.fetch('failing')).map((job) => job.id)[0] as string);
    const [letter] = await boss.findJobs('letters');
    await boss.redrive('letters');
    const again = await boss.fetch('failing');
    expect(again.length).toBe(1);
    expect([id, letter?.id]).not.toContain(again[0]?.id);
    await boss.stop({ graceful: false, close: false });

    const outbox = await openOutbox(client, { fetch: createFetch({ retry: false }), schema: 'ours' });
    service.reply = status(422);
    const call = await outbox.transaction((tx) =>
      outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'again' }),
    );
    await outbox.now(call);
    service.reply = undefined;
    expect(await outbox.dead.replay(call.id)).toEqual(call);
    expect(await outbox.now(call)).toMatchObject({ outcome: 'done', call: { id: call.id } });
    expect(service.arrivals.slice(-2).map(({ key }) => key)).toEqual(['again', 'again']);
    await outbox.close();
  });

  test('a singletonKey is forgotten at the job’s end; a call that is over is not added again', {
    timeout: 120_000,
  }, async () => {
    const boss = await alone();
    await boss.createQueue('single', { policy: 'short' });
    const send = () => boss.send('single', {}, { singletonKey: 'order-1' });
    expect(await send()).not.toBeNull();
    expect(await send()).toBeNull();
    await boss.complete('single', await boss.fetch('single'));
    expect(await send()).not.toBeNull();
    await boss.stop({ graceful: false, close: false });

    const outbox = await openOutbox(client, { fetch: createFetch({ retry: false }), schema: 'ours' });
    const add = () =>
      outbox.transaction((tx) => outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'single' }));
    const call = await add();
    await outbox.now(call);
    expect(await add()).toEqual(call);
    expect(await outbox.stats()).toMatchObject({ waiting: 0 });
    await outbox.close();
  });

  test('a crashed worker’s job is missed after 15 minutes; a call after half a minute', {
    timeout: 120_000,
  }, async () => {
    const boss = await alone();
    await boss.createQueue('slow');
    await boss.send('slow', {});
    await boss.fetch('slow');
    const later = async (schema: string, minutes: number) => {
      await age(
        `update ${schema}.job set started_on = started_on - interval '${minutes} minutes', heartbeat_on = heartbeat_on - interval '${minutes} minutes'`,
      );
      await supervise(client, schema);
    };
    const stateOfSlow = async () => (await boss.findJobs('slow')).map(({ state }) => state);
    await later('alone', 14);
    expect(await stateOfSlow()).toEqual(['active']);
    await later('alone', 2);
    expect(await stateOfSlow()).toEqual(['retry']);
    await boss.stop({ graceful: false, close: false });

    const outbox = await openOutbox(client, { fetch: createFetch({ retry: false }), schema: 'ours' });
    const call = await outbox.transaction((tx) =>
      outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'crashed' }),
    );
    // Another process takes it, and is not heard of again.
    await age(`update ours.job set state = 'active', started_on = now(), heartbeat_on = now()
      where id = '${call.id}'`);
    expect(await outbox.now(call)).toMatchObject({ outcome: 'later' });
    await later('ours', 1);
    await soon(async () => (await outbox.now(call)).outcome).toBe('done');
    await outbox.close();
  });

  test('which jobs were settled is told: the outbox hears when a call is not its own any more', {
    timeout: 120_000,
  }, async () => {
    const done: string[] = [];
    const outbox = await openOutbox(client, {
      fetch: createFetch({ retry: false }),
      schema: 'ours',
      onDone: () => done.push('handled'),
    });
    const call = await outbox.transaction((tx) =>
      outbox.add(tx, service.url, { method: 'POST', idempotencyKey: 'lost' }),
    );
    service.reply = async (_arrival, response) => {
      // Meanwhile this worker is thought to be dead, and another has taken the call.
      await age(`update ours.job set retry_count = retry_count + 1 where id = '${call.id}'`);
      response.writeHead(200).end();
    };
    expect(await outbox.now(call)).toMatchObject({ outcome: 'done' });
    expect(done).toEqual([]);
    service.reply = undefined;
    await outbox.close();
  });
});
