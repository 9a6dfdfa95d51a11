import { systemClock } from 'pg-boss';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createFetch } from '../../src/index.ts';
import {
  openSagas,
  type Saga,
  type SagaSettings,
  type SagaState,
  type SagaStep,
  saga,
} from '../../src/saga/index.ts';
import { openSagasOn, type Sagas } from '../../src/saga/sagas.ts';
import { schemaOf } from '../once/servers.ts';
import { DATABASES, type TestDatabase } from '../outbox/databases.ts';
import { type Receiver, receiver } from '../outbox/receiver.ts';
import { soon } from '../support/eventually.ts';

const api = createFetch({ retry: false, breaker: false, timeout: { attempt: 1_500 } });
interface Trip {
  readonly nights: number;
}

for (const { name, there, open } of DATABASES) {
  describe.runIf(there)(`a saga in ${name}`, () => {
    const schema = schemaOf('saga');
    let database: TestDatabase;
    let service: Receiver;
    let sagas: Sagas | undefined;
    /** What a path answers, one status after the other; then 200. 0: nothing at all. */
    let answers: Record<string, number[]>;

    beforeAll(async () => {
      database = await open();
      await database.query(`drop schema if exists ${schema} cascade`);
    }, 120_000);
    afterAll(async () => {
      await database.query(`drop schema if exists ${schema} cascade`);
      await database.close();
    });
    beforeEach(async () => {
      answers = {};
      service = await receiver();
      service.reply = ({ path }, response) => {
        const status = answers[path]?.shift() ?? 200;
        if (status === 0) return;
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(JSON.stringify({ booked: path }));
      };
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await sagas?.close();
      sagas = undefined;
      await database.query(`truncate ${schema}.job, ${schema}.saga_journal`);
      await service.close();
    });

    const post =
      (path: string) => (context: { call: (url: string, init: object) => Promise<Response>; input: Trip }) =>
        context.call(path, { method: 'POST', body: JSON.stringify(context.input) });
    const step = (path: string): SagaStep<Trip> => ({ run: post(path), undo: post(`${path}/undo`) });
    const trip = (more: Record<string, SagaStep<Trip>> = {}, settings: SagaSettings = {}) =>
      saga<Trip>(
        'trip',
        { hotel: step('/hotel'), charge: step('/charge'), ticket: step('/ticket'), ...more },
        settings,
      );
    const openWith = async (known: Saga<never>[]) => {
      await sagas?.close();
      sagas = await openSagas(database.client, {
        sagas: known,
        fetch: api,
        base: service.url,
        schema,
        backoff: { base: 5, cap: 10 },
      });
      return sagas;
    };
    const started = async (made: Saga<Trip>, id = 'order-1') => {
      const opened = await openWith([made]);
      await opened.transaction((tx) => opened.start(tx, made, id, { nights: 2 }));
      return opened;
    };
    /** Carries the saga on until it is over, or was stuck this many times. */
    const settle = async (
      opened: Sagas,
      made: Saga<Trip>,
      until: (state: SagaState) => boolean,
      id = 'order-1',
    ) => {
      let state = await opened.now(made, id);
      await soon(async () => {
        if (!until(state)) state = await opened.now(made, id);
        return until(state);
      }).toBe(true);
      return state;
    };
    const paths = () => service.arrivals.map(({ path }) => path);

    test('does its steps in their order, once', async () => {
      const made = trip();
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'whole' });
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'whole' });
      expect(paths()).toEqual(['/hotel', '/charge', '/ticket']);
      expect(service.arrivals[0]?.body).toBe('{"nights":2}');
      expect(new Set(service.arrivals.map(({ key }) => key)).size).toBe(3);
    });

    test('refuses a listener that is no function, and an event that there is not', async () => {
      const opened = await started(trip());
      expect(() => opened.on('whole', undefined as never)).toThrow(
        'the listener must be a function, got undefined',
      );
      expect(() => opened.on('done' as 'whole', () => {})).toThrow(
        'there is no event "done"; the events are whole, taken-back, forward, stuck, error',
      );
    });

    test('that is rolled back never was', async () => {
      const made = trip();
      const opened = await openWith([made]);
      const work = opened.transaction(async (tx) => {
        await opened.start(tx, made, 'order-2', { nights: 1 });
        throw new Error('no');
      });
      await expect(work).rejects.toThrow('no');
      await expect(opened.now(made, 'order-2')).rejects.toMatchObject({
        code: 'ERR_STEADFETCH_UNKNOWN_SAGA',
      });
    });

    test('that is started in a transaction which a swallowed error has spoilt is no saga, and says so', async () => {
      const made = trip();
      const opened = await openWith([made]);
      const work = opened.transaction(async (tx) => {
        await opened.start(tx, made, 'order-3', { nights: 1 });
        await tx.query('select 1 / 0').catch(() => {});
      });
      await expect(work).rejects.toThrow(/aborted|rolled back/);
    });

    test('is started in a transaction that nothing else can end, and a late statement is refused', async () => {
      const made = trip();
      const opened = await openWith([made]);
      let late = () => Promise.resolve<unknown>(undefined);
      const work = opened.transaction(async (tx) => {
        late = () => tx.query('select 1');
        await opened.start(tx, made, 'order-4', { nights: 1 });
        await tx.query('commit');
      });
      await expect(work).rejects.toThrow();
      await expect(opened.get(made, 'order-4')).rejects.toMatchObject({
        code: 'ERR_STEADFETCH_UNKNOWN_SAGA',
      });
      await expect(late()).rejects.toThrow();
    });

    test('goes on forward through everything that is not final, under the same keys', async () => {
      answers = { '/charge': [503, 0, 429] };
      const made = trip();
      const opened = await started(made);
      const events: string[] = [];
      for (const event of ['forward', 'whole', 'stuck', 'taken-back'] as const)
        opened.on(event, ({ state }) => events.push(state));
      const worker = opened.work({ poll: 20 });
      await soon(() => events.at(-1)).toBe('whole');
      await worker.stop();
      expect(events).toEqual(['forward', 'forward', 'forward', 'whole']);
      expect(paths()).toEqual(['/hotel', '/charge', '/charge', '/charge', '/charge', '/ticket']);
      expect(new Set(service.arrivals.map(({ key }) => key)).size).toBe(3);
    });

    test('that was carried on at once, in vain, goes before no older one from then on', async () => {
      answers = { '/hotel': [503] };
      const made = trip();
      const opened = await started(made, 'older');
      await opened.transaction((tx) => opened.start(tx, made, 'younger', { nights: 2 }));
      expect(await opened.now(made, 'younger')).toMatchObject({ state: 'forward' });
      await database.query(`update ${schema}.job set start_after = now()`);
      const ended: string[] = [];
      opened.on('whole', ({ id }) => ended.push(id));
      const worker = opened.work({ concurrency: 1, poll: 20 });
      await soon(() => ended).toEqual(['older', 'younger']);
      await worker.stop();
    });

    test('is turned back by a final refusal: what was done is undone, the last first; what was refused is not', async () => {
      answers = { '/ticket': [422] };
      const made = trip();
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({
        state: 'taken-back',
        step: 'ticket',
        why: 'refused',
      });
      expect(paths()).toEqual(['/hotel', '/charge', '/ticket', '/charge/undo', '/hotel/undo']);
      expect(await opened.get(made, 'order-1')).toMatchObject({ state: 'taken-back' });
    });

    test('does not turn again once it has gone back', async () => {
      answers = { '/ticket': [422], '/charge/undo': [503, 400, 0] };
      const made = trip();
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({
        state: 'stuck',
        step: 'charge',
        direction: 'undo',
        status: 503,
      });
      expect(await opened.list({ stuck: true })).toMatchObject([
        { saga: 'trip', id: 'order-1', state: 'stuck', error: { code: 'ERR_STEADFETCH_STEP_PENDING' } },
      ]);
      const state = await settle(opened, made, ({ state }) => state === 'taken-back');
      expect(state).toMatchObject({ step: 'ticket', why: 'refused', tries: 4 });
      expect(paths()).toEqual([
        '/hotel',
        '/charge',
        '/ticket',
        ...Array(4).fill('/charge/undo'),
        '/hotel/undo',
      ]);
      expect(await opened.list()).toEqual([]);
      await expect(opened.list({ limit: 0.5 })).rejects.toThrow('limit must be a whole number from 1');
    });

    test('an undo that fails is tried again after pauses that grow, and is listed as stuck all the while', async () => {
      answers = { '/ticket': [422], '/charge/undo': [503, 0, 500, 503, 404] };
      const made = trip();
      const options = {
        sagas: [made],
        fetch: api,
        base: service.url,
        schema,
        backoff: { base: 60_000, cap: 300_000 },
      };
      const opened = await openSagasOn(database.client, options, { clock: systemClock, random: () => 0.5 });
      sagas = opened;
      await opened.transaction((tx) => opened.start(tx, made, 'order-1', { nights: 2 }));
      const pauses: number[] = [];
      for (let n = 1; n <= 5; n += 1) {
        const before = Date.now();
        const { state, notBefore = 0, tries } = await opened.now(made, 'order-1');
        expect({ state, tries }).toEqual({ state: 'stuck', tries: n });
        pauses.push(Math.round((notBefore - before) / 30_000));
        expect(await opened.list({ stuck: true })).toMatchObject([{ id: 'order-1', step: 'charge' }]);
        // As if the pause were over.
        await database.query(`update ${schema}.job set start_after = now() where state = 'retry'`);
      }
      // Half a minute, one, two, and then half of the cap of five.
      expect(pauses).toEqual([1, 2, 4, 5, 5]);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'taken-back' });
    });

    test('out of patience, undoes a step that may have been done', async () => {
      answers = { '/charge': Array(1_000).fill(0) };
      const made = trip({}, { patience: 3_600_000 });
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward', step: 'charge' });
      // As if an hour had passed.
      await database.query(`update ${schema}.job set created_on = created_on - interval '1 hour'`);
      expect(await settle(opened, made, ({ state }) => state === 'taken-back')).toMatchObject({
        step: 'charge',
        why: 'patience',
      });
      expect(paths().filter((path) => path.endsWith('undo'))).toEqual(['/charge/undo', '/hotel/undo']);
    });

    test.skipIf(name === 'PGlite')(
      'has the patience that the database counts, not the clock of a process that is two days ahead',
      async () => {
        const made = trip();
        const opened = await started(made);
        const real = Date.now;
        vi.spyOn(Date, 'now').mockImplementation(() => real() + 2 * 86_400_000);
        expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'whole' });
      },
    );

    test('out of patience, does not undo a step that was certainly never sent', async () => {
      const made = trip(
        {
          charge: { ...step('/charge'), run: ({ call }) => call('http://127.0.0.1:1/', { method: 'POST' }) },
        },
        { patience: 300 },
      );
      const opened = await started(made);
      expect(await settle(opened, made, ({ state }) => state === 'taken-back')).toMatchObject({
        why: 'patience',
      });
      expect(paths()).toEqual(['/hotel', '/hotel/undo']);
    });

    test('a step of several calls is undone if one of them was done', async () => {
      answers = { '/b': [400] };
      const both: SagaStep<Trip> = {
        run: async ({ call }) => {
          await call('/a', { method: 'POST' });
          await call('/b', { method: 'POST' });
        },
        undo: post('/ab/undo'),
      };
      const made = saga<Trip>('pair', { both });
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'taken-back' });
      expect(paths()).toEqual(['/a', '/b', '/ab/undo']);
      expect(new Set(service.arrivals.map(({ key }) => key)).size).toBe(3);
    });

    test('a step can refuse by itself, and sees what the steps before it returned', async () => {
      const seen: unknown[] = [];
      const made = trip({
        charge: {
          run: ({ results, refuse, id }) => {
            seen.push(results, id);
            refuse('too dear');
          },
        },
      });
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'taken-back', step: 'charge' });
      expect(seen).toEqual([{ hotel: { booked: '/hotel' } }, 'order-1']);
      expect(paths()).toEqual(['/hotel', '/hotel/undo']);
    });

    test('a mistake in a step is no refusal: the saga waits for code that has none', async () => {
      let broken = true;
      const made = trip({
        charge: {
          run: ({ call }) => {
            if (broken) throw new TypeError('a slip');
            return call('/charge', { method: 'POST' });
          },
        },
      });
      const opened = await started(made);
      expect(await opened.now(made, 'order-1')).toMatchObject({
        state: 'forward',
        step: 'charge',
        error: { name: 'TypeError' },
      });
      broken = false;
      expect(await settle(opened, made, ({ state }) => state === 'whole')).toMatchObject({ state: 'whole' });
    });

    test('new code with a saga in flight: steps are found by their names, new ones are done, a missing one stops it, visibly', async () => {
      answers = { '/charge': [503] };
      const opened = await started(trip());
      await opened.now(trip(), 'order-1');
      const without = saga<Trip>('trip', { hotel: step('/hotel'), ticket: step('/ticket') });
      const stuck = await settle(await openWith([without]), without, ({ state }) => state === 'stuck');
      expect(stuck).toMatchObject({ step: 'charge', error: { code: 'ERR_STEADFETCH_MISSING_STEP' } });
      const none = await openWith([]);
      await soon(async () => (await none.now({ name: 'trip' }, 'order-1')).step).toBe('');
      expect(await none.list({ stuck: true })).toMatchObject([{ id: 'order-1' }]);
      const newer = saga<Trip>('trip', {
        insurance: step('/insurance'),
        charge: step('/charge'),
        hotel: step('/hotel'),
      });
      await settle(await openWith([newer]), newer, ({ state }) => state === 'whole');
      expect(paths()).toEqual(['/hotel', '/charge', '/insurance', '/charge']);
    });

    test('that another process was at when it died waits for that one’s lease, and no error is reported', async () => {
      let first = true;
      let lost: (value: unknown) => void = () => {};
      const dead = new Promise((resolve) => {
        lost = resolve;
      });
      const made = trip({
        charge: {
          run: (context) => {
            if (!first) return post('/charge')(context);
            first = false;
            return dead;
          },
        },
      });
      const opened = await started(made);
      const errors: Error[] = [];
      opened.on('error', (error) => errors.push(error));
      const died = opened.now(made, 'order-1');
      await soon(() => first).toBe(false);
      // As the engine does it when it has not heard of a process for a while.
      await database.query(`update ${schema}.job set state = 'retry', retry_count = retry_count + 1`);
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward' });
      expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward' });
      expect(paths()).toEqual(['/hotel']);
      await database.query(
        `update ${schema}.saga_journal set lease_until = now() where lease_until is not null`,
      );
      await settle(opened, made, ({ state }) => state === 'whole');
      lost(undefined);
      await died;
      expect(errors).toEqual([]);
      expect(paths()).toEqual(['/hotel', '/charge', '/ticket']);
    });

    test('a process that was taken for dead starts no step of a saga that has gone back meanwhile', async () => {
      let wake: (value: unknown) => void = () => {};
      const asleep = new Promise((resolve) => {
        wake = resolve;
      });
      let isRunning = false;
      const charge = () => {
        isRunning = true;
        return asleep;
      };
      const made = trip({ charge: { run: charge, undo: post('/charge/undo') } });
      const opened = await started(made);
      const first = opened.now(made, 'order-1');
      await soon(() => isRunning).toBe(true);
      await database.query(
        `update ${schema}.job set state = 'retry', retry_count = retry_count + 1, created_on = created_on - interval '2 days'`,
      );
      await soon(
        async () =>
          (await database.query(`select 1 from ${schema}.saga_journal where lease_until is not null`)).length,
      ).toBe(1);
      await database.query(
        `update ${schema}.saga_journal set lease_until = now() where lease_until is not null`,
      );
      await settle(opened, made, ({ state }) => state === 'taken-back');
      wake('done after all');
      await first;
      expect(paths()).toEqual(['/hotel', '/charge/undo', '/hotel/undo']);
      expect(await opened.get(made, 'order-1')).toMatchObject({ state: 'taken-back', why: 'patience' });
    });

    test('the same id again is the same saga; with another input it is refused', async () => {
      const made = trip();
      const opened = await started(made);
      await opened.transaction((tx) => opened.start(tx, made, 'order-1', { nights: 2 }));
      await expect(
        opened.transaction((tx) => opened.start(tx, made, 'order-1', { nights: 3 })),
      ).rejects.toMatchObject({
        code: 'ERR_STEADFETCH_SAGA_REUSED',
      });
      await opened.now(made, 'order-1');
      expect(paths().length).toBe(3);
    });

    test('its journal outlives any lifetime of a key, and ends with its record', async () => {
      answers = { '/ticket': [503] };
      const made = trip();
      const opened = await started(made);
      await opened.now(made, 'order-1');
      const years = `select min(extract(epoch from expires_at - now()))::float8 / 31557600 as years from ${schema}.saga_journal`;
      expect((await database.query(years))[0]?.years).toBeGreaterThan(90);
      await settle(opened, made, ({ state }) => state === 'whole');
      expect((await database.query(years))[0]?.years).toBeLessThan(1);
    });
  });
}

test('a saga says what is wrong with it', () => {
  const run = () => 1;
  expect(() => saga('9', { a: { run } })).toThrow('name must be a name of letters');
  expect(() => saga('a', {})).toThrow('steps must have at least one step');
  expect(() => saga('a', { 1: { run } })).toThrow('steps.1 must be a name');
  expect(() => saga('a', { b: { run: 1 as never } })).toThrow('steps.b.run must be a function, got 1');
  expect(() => saga('a', { b: null as never })).toThrow(
    'steps.b must be an object with run, and perhaps undo, got null',
  );
  expect(() => saga('a', { b: { run, undoo: run } as never })).toThrow(
    'steps.b.undoo is not a part of a step',
  );
  expect(() => saga('a', { b: { run } }, { patience: 0 })).toThrow(
    'patience must be a number of milliseconds',
  );
  expect(() => saga('a', { b: { run } }, { pateince: 1 } as never)).toThrow('did you mean patience?');
});
