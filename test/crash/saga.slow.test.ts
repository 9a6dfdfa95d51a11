import { describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { openSagas, type SagaState } from '../../src/saga/index.ts';
import { supervise } from '../outbox/databases.ts';
import { receiver } from '../outbox/receiver.ts';
import { trip } from './trip.ts';
import { batchesOf, isWhole, KEYS, kill, PLACES, schemaFor } from './undertaker.ts';
import type { SagaPoint } from './victim.ts';

const LIMIT = 600_000 + KEYS * 3_000;
const FORWARD = ['/hotel', '/charge', '/ticket'];
const BACK = ['/charge/undo', '/hotel/undo'];
const points = (paths: readonly string[]): SagaPoint[] =>
  paths.flatMap((path): SagaPoint[] => [`sending ${path}`, `answered ${path}`]);

/** At every step and every undo. */
const ALL: readonly (readonly ['whole' | 'refused', SagaPoint])[] = [
  ...points(FORWARD).map((point) => ['whole', point] as const),
  ...points(['/ticket', ...BACK]).map((point) => ['refused', point] as const),
];
const SOME: typeof ALL = [
  ['whole', 'answered /charge'],
  ['refused', 'answered /ticket'],
  ['refused', 'sending /charge/undo'],
];

for (const place of PLACES) {
  describe.runIf(place.there)(`processes that are killed with sagas in ${place.name}`, () => {
    test('leave every saga to end whole or taken back, each effect once', { timeout: LIMIT }, async () => {
      const schema = schemaFor('saga');
      const database = place.database();
      const service = await receiver();
      /** By saga: what was done, in this order; a key that was seen is not done again. */
      const effects = new Map<string, string[]>();
      const seen = new Map<string, number>();
      service.reply = ({ path, key = '', body }, response) => {
        const isRefused = path === '/ticket' && body.startsWith('refused');
        if (!seen.has(key) && !isRefused) effects.set(body, [...(effects.get(body) ?? []), path]);
        seen.set(key, (seen.get(key) ?? 0) + 1);
        response.writeHead(isRefused ? 422 : 200, { 'content-type': 'application/json' }).end('{}');
      };

      const names: string[] = [];
      for (const [kind, at] of isWhole ? ALL : place.name === 'PostgreSQL' ? SOME : SOME.slice(-1)) {
        const some = Array.from({ length: KEYS }, (_, n) => `${kind} ${at} ${n}`);
        names.push(...some);
        for (const batch of batchesOf(some)) {
          const end = await kill({
            database,
            schema,
            service: service.url,
            names: batch,
            die: { of: 'saga', at },
          });
          expect({ at, ...end }).toEqual({ at, signal: 'SIGKILL', complaint: '' });
        }
      }

      const sagas = await openSagas(database, {
        schema,
        sagas: [trip],
        base: service.url,
        fetch: createFetch({ retry: false, breaker: false }),
        backoff: { base: 10, cap: 50 },
      });
      // As if half a minute had passed without a sign of the victims, and their leases had run out.
      await sagas.transaction(async (tx) => {
        await tx.query(
          `update ${schema}.job set heartbeat_on = now() - interval '1 minute' where state = 'active'`,
        );
        await tx.query(`update ${schema}.saga_journal set lease_until = now() where lease_until is not null`);
      });
      await supervise(sagas.db, schema);
      const ended: SagaState[] = [];
      const worker = sagas.work({ concurrency: 20, poll: 50 });
      const left = () =>
        sagas.transaction(
          async (tx) =>
            (await tx.query(`select count(*)::int as left from ${schema}.job where state < 'completed'`))
              .rows[0],
        );
      await expect.poll(left, { timeout: LIMIT / 2, interval: 500 }).toEqual({ left: 0 });
      await expect
        .poll(
          async () => {
            const states = await Promise.all(names.map((name) => sagas.get(trip, name)));
            ended.splice(0, ended.length, ...states);
            return states.filter(({ state }) => state === 'forward' || state === 'stuck').length;
          },
          { timeout: LIMIT / 2 },
        )
        .toBe(0);
      await worker.stop();

      for (const { id, state } of ended) {
        const isRefused = id.startsWith('refused');
        expect({ id, state, effects: effects.get(id) }).toEqual({
          id,
          state: isRefused ? 'taken-back' : 'whole',
          effects: isRefused ? ['/hotel', '/charge', '/charge/undo', '/hotel/undo'] : FORWARD,
        });
      }
      // And some calls were indeed made twice, or this would prove nothing.
      expect(Math.max(...seen.values())).toBeGreaterThan(1);

      await sagas.close();
      await service.close();
      await place.bury(database, schema);
    });
  });
}
