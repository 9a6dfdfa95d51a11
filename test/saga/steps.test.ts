import { PGlite } from '@electric-sql/pglite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createFetch } from '../../src/index.ts';
import { InProgressError } from '../../src/once/index.ts';
import { openSagas, type Saga, type SagaState, type SagaStep, saga } from '../../src/saga/index.ts';
import type { Sagas } from '../../src/saga/sagas.ts';
import { type Receiver, receiver } from '../outbox/receiver.ts';
import { soon } from '../support/eventually.ts';

const api = createFetch({ retry: false, breaker: false, timeout: { attempt: 1_500 } });
const POST = { method: 'POST' };
const call =
  (path: string): SagaStep<unknown>['run'] =>
  (context) =>
    context.call(path, POST);

describe('a step of a saga', () => {
  const db = new PGlite();
  let service: Receiver;
  let sagas: Sagas | undefined;
  /** What a path answers, one after the other; then 200. */
  let answers: Record<string, (number | { status: number; body: object })[]>;

  beforeAll(async () => await db.waitReady, 120_000);
  afterAll(() => db.close());
  beforeEach(async () => {
    answers = {};
    service = await receiver();
    service.reply = ({ path }, response) => {
      const answer = answers[path]?.shift() ?? 200;
      const { status, body } = typeof answer === 'number' ? { status: answer, body: {} } : answer;
      if (status === 0) return;
      response.writeHead(status, { 'content-type': 'application/problem+json' }).end(JSON.stringify(body));
    };
  });
  afterEach(async () => {
    await sagas?.close();
    await db.exec('truncate steadfetch.job, steadfetch.saga_journal');
    await service.close();
  });

  const started = async (made: Saga<unknown>, id = 'order-1') => {
    sagas = await openSagas(db, {
      sagas: [made],
      fetch: api,
      base: service.url,
      backoff: { base: 1, cap: 5 },
    });
    const opened = sagas;
    await opened.transaction((tx) => opened.start(tx, made, id, {}));
    return opened;
  };
  const settled = async (opened: Sagas, made: Saga<unknown>, state: SagaState['state']) => {
    await soon(async () => (await opened.now(made, 'order-1')).state).toBe(state);
    return await opened.get(made, 'order-1');
  };
  const paths = () => service.arrivals.map(({ path }) => path);
  const keys = () => service.arrivals.map(({ key }) => key);

  test('gives calls that it makes side by side a key each, the same when it is run again', async () => {
    answers = { '/a': [503] };
    const run: SagaStep<unknown>['run'] = async (context) => {
      await Promise.all(['/a', '/b', '/b'].map((path) => context.call(path, POST)));
    };
    const made = saga('beside', { both: { run } });
    const opened = await started(made);
    await settled(opened, made, 'whole');
    expect(service.arrivals.length).toBe(6);
    expect(new Set(keys()).size).toBe(3);
  });

  test('is judged when all its calls have ended: one that was done is undone, though another was refused before', async () => {
    let answer = () => {};
    service.reply = ({ path }, response) => {
      if (path === '/refused') return void response.writeHead(400).end();
      answer = () => response.writeHead(200).end();
      if (path !== '/slow') answer();
    };
    const run: SagaStep<unknown>['run'] = (context) =>
      Promise.all([context.call('/slow', POST), context.call('/refused', POST)]);
    const made = saga('judged', { both: { run, undo: call('/undo') } });
    const opened = await started(made);
    const ending = opened.now(made, 'order-1');
    await soon(() => paths().toSorted()).toEqual(['/refused', '/slow']);
    answer();
    expect(await ending).toMatchObject({ state: 'taken-back', why: 'refused' });
    expect(paths().at(-1)).toBe('/undo');
  });

  test('that returns what JSON can not hold is a mistake, and code without it goes on under the same key', async () => {
    let value: unknown = { id: 1n };
    const run: SagaStep<unknown>['run'] = async (context) => {
      await context.call('/a', POST);
      return value;
    };
    const made = saga('big', { a: { run } });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({
      state: 'forward',
      error: { name: 'TypeError' },
    });
    value = 1;
    await settled(opened, made, 'whole');
    expect(new Set(keys()).size).toBe(1);
  });

  test('may begin calls and wait for one after the other: one that fails before is no rejection without a handler', async () => {
    answers = { '/b': [503] };
    const run: SagaStep<unknown>['run'] = async (context) => {
      const both = [context.call('/a', POST), context.call('/b', POST)] as const;
      await soon(() => paths().length).toBe(2);
      await new Promise((resolve) => setImmediate(resolve));
      for (const one of both) await one;
    };
    const made = saga('started', { both: { run } });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward' });
    await settled(opened, made, 'whole');
  });

  test('that is over before its call, for want of an await, is not done before the call is', async () => {
    answers = { '/a': [503, 400] };
    const run: SagaStep<unknown>['run'] = (context) => void context.call('/a', POST);
    const made = saga('hasty', { a: { run } });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward' });
    await settled(opened, made, 'taken-back');
  });

  test.each<[what: string, run: SagaStep<unknown>['run'], message: string]>([
    [
      'a Request',
      ({ call }) => call(new Request('http://127.0.0.1/a') as never),
      'call takes a URL and an init, got Request',
    ],
    ['a function for a result', () => () => 7, 'a step must return what JSON can hold, got a function'],
  ])('is told of %s', async (_what, run, message) => {
    let told: unknown;
    const made = saga('mistaken', {
      a: {
        run: async (context) => {
          try {
            return await run(context);
          } catch (error) {
            told = error;
            throw error;
          }
        },
      },
    });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({
      state: 'forward',
      error: { name: 'TypeError' },
    });
    if (told !== undefined) expect(told).toMatchObject({ message });
  });

  test('may hand on a key that is undefined: it is none', async () => {
    const made = saga('spread', {
      a: { run: ({ call }) => call('/a', { ...POST, idempotencyKey: undefined } as never) },
    });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'whole' });
  });

  test('an input that the database or JSON can not hold is refused before it spoils the transaction', async () => {
    const made = saga('held', { a: { run: () => 1 } });
    const opened = await started(made);
    await opened.transaction(async (tx) => {
      for (const input of [{ name: 'a\0' }, ['\ud800'], { '\0': 1 }, () => 7])
        await expect(opened.start(tx, made, 'order-2', input)).rejects.toMatchObject({
          name: 'PolicyError',
          path: 'input',
        });
      await opened.start(tx, made, 'order-2', { name: 'a' });
    });
    expect(await opened.now(made, 'order-2')).toMatchObject({ state: 'whole' });
  });

  test('is undone, whatever its undo returns', async () => {
    const undo: SagaStep<unknown>['run'] = async (context) => {
      await context.call('/a/undo', POST);
      return { id: 1n };
    };
    const made = saga('bigger', { a: { run: call('/a'), undo }, b: { run: ({ refuse }) => refuse('no') } });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'taken-back' });
    expect(paths()).toEqual(['/a', '/a/undo']);
  });

  test.each([
    { status: 422, body: { code: 'key_reused' } },
    { status: 410, body: { code: 'response_not_kept' } },
    { status: 400, body: { error: { type: 'idempotency_error' } } },
  ])(
    'is undone if it was refused for its key alone, for another request had it: $status',
    async (refusal) => {
      answers = { '/charge': [0, refusal] };
      const made = saga('changed', { charge: { run: call('/charge'), undo: call('/refund') } });
      const opened = await started(made);
      await settled(opened, made, 'taken-back');
      expect(paths()).toEqual(['/charge', '/charge', '/refund']);
    },
  );

  test('that was refused otherwise is not undone, whatever came before', async () => {
    answers = { '/charge': [503, { status: 422, body: { code: 'declined' } }] };
    const made = saga('declined', { charge: { run: call('/charge'), undo: call('/refund') } });
    const opened = await started(made);
    await settled(opened, made, 'taken-back');
    expect(paths()).toEqual(['/charge', '/charge']);
  });

  test('whose undo was refused is tried under another key, in that call alone: services keep what they answered to the first', async () => {
    answers = { '/refund': [404, 503, 409, 400] };
    const undo: SagaStep<unknown>['run'] = async (context) => {
      await context.call('/tell', POST);
      await context.call('/refund', POST);
    };
    const made = saga('mended', { a: { run: call('/a'), undo }, b: { run: ({ refuse }) => refuse('no') } });
    const opened = await started(made);
    await settled(opened, made, 'taken-back');
    const keysOf = (path: string) =>
      service.arrivals.filter((one) => one.path === path).map(({ key }) => key);
    const [first, second, third, fourth, last] = keysOf('/refund');
    expect([second, third]).toEqual([third, fourth]);
    expect(new Set([first, second, last]).size).toBe(3);
    expect(new Set(keysOf('/tell')).size).toBe(1);
  });

  test('that works without `call` may have been done: out of patience, it is undone', async () => {
    const run = () => Promise.reject(new Error('socket hang up'));
    const made = saga('vendor', { charge: { run, undo: call('/refund') } }, { patience: 3_600_000 });
    const opened = await started(made);
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'forward', delivery: 'unknown' });
    await db.exec(`update steadfetch.job set created_on = created_on - interval '1 hour'`);
    await settled(opened, made, 'taken-back');
    expect(paths()).toEqual(['/refund']);
  });

  test('that finds a key of its own in progress has failed once, and is run again after what that key asked for', async () => {
    const busy = new InProgressError({ scope: '["charge","a"]', key: 'k' }, 60_000);
    const made = saga('nested', { charge: { run: () => Promise.reject(busy) } });
    const opened = await started(made);
    const { notBefore = 0, ...state } = await opened.now(made, 'order-1');
    expect(state).toMatchObject({ state: 'forward', step: 'charge', tries: 1, error: { name: busy.name } });
    expect(notBefore).toBeGreaterThan(Date.now() + 50_000);
  });

  test('is done again for a new saga of the same id, once the record of the old one is gone', async () => {
    const made = saga('monthly', { charge: { run: call('/charge') } });
    const opened = await started(made);
    await opened.now(made, 'order-1');
    // As if thirty days had passed: the engine has removed the record, and nobody yet what has ended in the journal.
    await db.exec(`delete from steadfetch.job; update steadfetch.saga_journal set expires_at = now()`);
    await opened.transaction((tx) => opened.start(tx, made, 'order-1', {}));
    expect(await opened.now(made, 'order-1')).toMatchObject({ state: 'whole' });
    expect(paths()).toEqual(['/charge', '/charge']);
  });

  test.each(['a\nb', '\ud800'])(
    'needs an id that the journal can keep: %j is refused at the start',
    async (id) => {
      await expect(started(saga('odd', { a: { run: call('/a') } }), id)).rejects.toThrow(
        'id must be a string without control characters and lone surrogates',
      );
      expect(await sagas?.list()).toEqual([]);
    },
  );
});
