import { describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openOutbox } from '../../src/outbox/index.ts';
import { supervise } from '../outbox/databases.ts';
import { receiver } from '../outbox/receiver.ts';
import { batchesOf, isWhole, KEYS, kill, PLACES, schemaFor } from './undertaker.ts';
import { OUTBOX_POINTS, type OutboxPoint } from './victim.ts';

const LIMIT = 300_000 + KEYS * 1_500;
const SOME: readonly OutboxPoint[] = ['in-handler'];
/**
 * So many handlers can be under way: each holds a connection. PGlite has one transaction at a time, so there one call of a
 * batch is in its handler when the process dies, and the others are answered and wait for theirs.
 */
const HANDLERS = 50;
const api = createFetch({ retry: false, breaker: false });

for (const place of PLACES) {
  describe.runIf(place.there)(`processes that are killed with an outbox in ${place.name}`, () => {
    test('owe what they committed and nothing else, and pay it once', { timeout: LIMIT }, async () => {
      const points = isWhole || place.name === 'PostgreSQL' ? OUTBOX_POINTS : SOME;
      const schema = schemaFor('outbox');
      const database = place.database();
      const service = await receiver();
      const open = () =>
        openOutbox(database, {
          schema,
          fetch: api,
          onDone: (tx, { call }) =>
            tx.query(`insert into ${schema}.ledger (key) values ($1)`, [call.idempotencyKey]),
        });
      const first = await open();
      await first.transaction((tx) =>
        tx.query(`create table ${schema}.ledger (key text, at timestamptz default now())`),
      );
      await first.close();

      const namesOf = (point: string) =>
        Array.from({ length: KEYS }, (_, n) => `${point} ${n}`.replaceAll(' ', '-'));
      for (const point of points) {
        const size = point === 'in-handler' ? HANDLERS : undefined;
        for (const names of batchesOf(namesOf(point), size)) {
          const end = await kill({
            database,
            schema,
            service: service.url,
            names,
            die: { of: 'outbox', at: point },
          });
          expect({ point, ...end }).toEqual({ point, signal: 'SIGKILL', complaint: '' });
        }
      }
      // The lifetime of their keys ends before they are sent.
      const late = namesOf('late');
      for (const names of batchesOf(late)) {
        const end = await kill({
          database,
          schema,
          service: service.url,
          names,
          lifetime: 1_500,
          die: { of: 'outbox', at: 'after-commit' },
        });
        expect(end.complaint).toBe('');
      }
      await new Promise((resolve) => setTimeout(resolve, 1_600));

      const outbox = await open();
      // As if half a minute had passed without a sign of the victims.
      const query = (sql: string) =>
        outbox.transaction(async (tx) => (await tx.query(sql)).rows as Record<string, unknown>[]);
      await query(
        `update ${schema}.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`,
      );
      await supervise(outbox.db, schema);
      const worker = outbox.work({ concurrency: 20, poll: 50 });
      const left = async () => {
        const { waiting, active } = await outbox.stats();
        return waiting + active;
      };
      await expect.poll(left, { timeout: LIMIT / 2, interval: 200 }).toBe(0);
      await worker.stop();

      const committed = points.filter((point) => point !== 'before-commit').flatMap(namesOf);
      const arrived = new Set(service.arrivals.map(({ key }) => key));
      // Exactly one effect for each committed call; none that was rolled back was ever sent.
      expect(service.effects.filter((key) => !key.startsWith('late')).sort()).toEqual(committed.sort());
      for (const name of namesOf('before-commit')) expect(arrived).not.toContain(name);
      // The handler's rows: one for each, however often the call was sent.
      expect(
        (await query(`select key from ${schema}.ledger order by key`)).map(({ key }) => key).sort(),
      ).toEqual(committed.sort());
      // None was lost, and none was sent after its end.
      const letters = await outbox.dead.list({ limit: 100_000 });
      expect(letters.map(({ call, reason }) => `${call.idempotencyKey} ${reason}`).sort()).toEqual(
        late.map((key) => `${key} expired`).sort(),
      );
      for (const name of late) expect(arrived).not.toContain(name);

      await outbox.close();
      await service.close();
      await place.bury(database, schema);
    });
  });
}
