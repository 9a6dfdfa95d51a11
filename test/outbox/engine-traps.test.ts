import { PGlite } from '@electric-sql/pglite';
import { fromPglite, PgBoss } from 'pg-boss';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { supervise } from './databases.ts';
import { type Receiver, receiver, status } from './receiver.ts';

/** What the engine does by itself, and must not do to a call. Each was seen; each would lose or repeat one. */
describe('of the engine', () => {
  let client: PGlite;
  let service: Receiver;
  beforeAll(async () => {
    client = await PGlite.create();
    service = await receiver();
  }, 60_000);
  afterAll(async () => {
    await service.close();
    await client.close();
  });
  const age = (what: string) => client.exec(what);

  test('a job past its retention is deleted; a call is kept, and told of when its key has ended', {
    timeout: 60_000,
  }, async () => {
    // First the engine alone: the trap is still there.
    const boss = new PgBoss({
      db: fromPglite(client as never),
      schema: 'alone',
      supervise: false,
      schedule: false,
    });
    await boss.start();
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

  test('retries run out; those of a call do not', { timeout: 60_000 }, async () => {
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
      await expect.poll(async () => (await outbox.now(call)).last?.tries).toBeGreaterThan(n);
    }
    await age(`update ours.job set retry_count = 100000 where id = '${call.id}'`);
    service.reply = undefined;
    await expect.poll(async () => (await outbox.now(call)).outcome).toBe('done');
    await outbox.close();
  });

  test('which jobs were settled is told: the outbox hears when a call is not its own any more', {
    timeout: 60_000,
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
